import {
  Activity,
  BellRing,
  CalendarClock,
  ChartLine,
  ChartNoAxesColumn,
  ClipboardCheck,
  HeartPulse,
  LayoutGrid,
  Lock,
  type LucideIcon,
  Megaphone,
  Rocket,
  ScrollText,
  Send,
  Settings,
  ShieldAlert,
  Snowflake,
  Timer,
  TriangleAlert,
  Undo2,
  UserRoundCheck,
  Wrench,
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

/** Every page of the navigation, in order, with what a person needs to see it. */
export const EVERYWHERE: readonly Entry[] = [
  { href: paths.overview(), label: 'Overview', icon: LayoutGrid, permission: 'overview.read' },
  { href: paths.alerts(), label: 'Alerts', icon: BellRing, permission: 'alerts.read' },
  { href: paths.incidents(), label: 'Incidents', icon: TriangleAlert, permission: 'incidents.read' },
  { href: paths.deployments(), label: 'Deployments', icon: Rocket, permission: 'deployments.read' },
  { href: paths.runs(), label: 'Runs', icon: Activity, permission: 'runs.read' },
  { href: paths.approvals(), label: 'Approvals', icon: UserRoundCheck, permission: 'runs.read' },
  { href: paths.monitorChecks(), label: 'Uptime', icon: HeartPulse, permission: 'checks.read' },
  { href: paths.statusUpdates(), label: 'Status page', icon: Megaphone, permission: 'status.manage' },
  { href: paths.maintenance(), label: 'Maintenance', icon: Wrench, permission: 'maintenance.read' },
  { href: paths.security(), label: 'Security', icon: ShieldAlert, permission: 'security.read' },
  { href: paths.freezes(), label: 'Freezes', icon: Snowflake, permission: 'deployments.read' },
  { href: paths.drills(), label: 'Practice', icon: Timer, permission: 'deployments.read' },
  { href: paths.schedules(), label: 'Schedules', icon: CalendarClock, permission: 'schedules.read' },
  { href: paths.postmortems(), label: 'Post-mortems', icon: ScrollText, permission: 'postmortems.read' },
  { href: paths.actionItems(), label: 'Action items', icon: ClipboardCheck, permission: 'postmortems.read' },
  { href: paths.figures(), label: 'Figures', icon: ChartNoAxesColumn, permission: 'incidents.read' },
  { href: paths.deliveries(), label: 'Deliveries', icon: Send, permission: 'deliveries.read' },
  { href: paths.audit(), label: 'Audit log', icon: ScrollText, permission: 'audit.read' },
  { href: paths.settings(), label: 'Settings', icon: Settings, permission: 'account.manage' },
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
    { href: paths.metrics(place), label: 'Metrics', icon: ChartLine },
    { href: paths.checks(place), label: 'Checks', icon: ClipboardCheck },
    { href: paths.lock(place), label: 'Lock', icon: Lock },
  ];
}

/** Places that a phone's bar has room for. */
const BAR_PLACES = 5;

/** What a phone's bar shows at once, and what is behind its last place where there is more. */
export function barNavigation(subject: Subject): { shown: NavigationItem[]; more: NavigationItem[] } {
  const all = mainNavigation(subject);
  const room = all.length > BAR_PLACES ? BAR_PLACES - 1 : BAR_PLACES;
  return { shown: all.slice(0, room), more: all.slice(room) };
}
