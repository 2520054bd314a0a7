import {
  KeyRound,
  ListChecks,
  type LucideIcon,
  MonitorSmartphone,
  Send,
  Server,
  UserRound,
  UsersRound,
} from 'lucide-react';
import { paths } from '#app/lib/paths';
import { can, type Permission, type Subject } from '#server/auth/contract';

export interface SettingsSection {
  href: string;
  label: string;
  icon: LucideIcon;
  about: 'you' | 'console';
}

/** Every section of the settings, in order, with what a person needs to see it. */
export const SECTIONS: readonly (SettingsSection & { permission: Permission })[] = [
  { href: paths.account(), label: 'Account', icon: UserRound, about: 'you', permission: 'account.manage' },
  {
    href: paths.sessions(),
    label: 'Sessions',
    icon: MonitorSmartphone,
    about: 'you',
    permission: 'account.manage',
  },
  { href: paths.tokens(), label: 'API tokens', icon: KeyRound, about: 'you', permission: 'account.manage' },
  { href: paths.people(), label: 'People', icon: UsersRound, about: 'console', permission: 'people.manage' },
  { href: paths.channels(), label: 'Channels', icon: Send, about: 'console', permission: 'deliveries.read' },
  {
    href: paths.playbooks(),
    label: 'Playbooks',
    icon: ListChecks,
    about: 'console',
    permission: 'incidents.read',
  },
  {
    href: paths.configuration(),
    label: 'Services',
    icon: Server,
    about: 'console',
    permission: 'configuration.read',
  },
];

/** The settings that the subject may see, in order. */
export function settingsSections(subject: Subject): SettingsSection[] {
  return SECTIONS.filter((section) => can(subject, section.permission));
}
