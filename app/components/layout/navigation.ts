import {
  Activity,
  ClipboardCheck,
  LayoutGrid,
  Lock,
  type LucideIcon,
  Rocket,
  ScrollText,
  Undo2,
} from 'lucide-react';
import { type Place, paths } from '#app/lib/paths';
import { can, type Permission, type Subject } from '#server/auth/contract';

export interface NavigationItem {
  href: string;
  label: string;
  icon: LucideIcon;
}

interface Entry extends NavigationItem {
  permission: Permission;
}

const EVERYWHERE: readonly Entry[] = [
  { href: paths.overview(), label: 'Overview', icon: LayoutGrid, permission: 'overview.read' },
  { href: paths.deployments(), label: 'Deployments', icon: Rocket, permission: 'deployments.read' },
  { href: paths.runs(), label: 'Runs', icon: Activity, permission: 'runs.read' },
  { href: paths.audit(), label: 'Audit log', icon: ScrollText, permission: 'audit.read' },
];

/** The pages that span services. */
export function mainNavigation(subject: Subject): NavigationItem[] {
  return EVERYWHERE.filter((entry) => can(subject, entry.permission));
}

/** What can be done in one environment. */
export function placeNavigation(place: Place): NavigationItem[] {
  return [
    { href: paths.newDeployment(place), label: 'Deploy', icon: Rocket },
    { href: paths.rollback(place), label: 'Roll back', icon: Undo2 },
    { href: paths.checks(place), label: 'Checks', icon: ClipboardCheck },
    { href: paths.lock(place), label: 'Lock', icon: Lock },
  ];
}
