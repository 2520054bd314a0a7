import { EVERYWHERE } from '#app/components/layout/navigation';
import { paths } from '#app/lib/paths';
import { THEMES, type Theme } from '#app/lib/preferences';
import type { EntryIcon, PaletteEntry, PaletteFacts } from '#app/palette/entry';
import { bar } from '#app/palette/environment-entries';
import { SECTIONS } from '#app/settings/sections';
import type { Permission } from '#server/auth/contract';

const THEME_TITLES: Record<Theme, string> = {
  system: 'Look as the system does',
  light: 'Switch to the light theme',
  dark: 'Switch to the dark theme',
};

/** What else people call a page. */
const PAGE_KEYWORDS: Record<string, string[]> = {
  [paths.overview()]: ['home', 'start', 'status', 'dashboard'],
  [paths.deployments()]: ['releases', 'history', 'live'],
  [paths.runs()]: ['jobs', 'log'],
  [paths.incidents()]: ['outage', 'emergency', 'timeline'],
  [paths.audit()]: ['who did what', 'history'],
  [paths.monitorChecks()]: ['checks', 'health', 'monitoring', 'availability'],
  [paths.statusUpdates()]: ['public', 'tell visitors', 'status page update', 'announce maintenance'],
  [paths.freezes()]: ['freeze windows', 'change freeze'],
  [paths.drills()]: ['practice', 'rehearse'],
  [paths.schedules()]: ['cron', 'timer'],
  [paths.postmortems()]: ['postmortem', 'review', 'retrospective', 'incidents'],
  [paths.actionItems()]: ['tasks', 'todo', 'follow-up', 'due'],
  [paths.figures()]: ['dora', 'mttr', 'mttd', 'mtta', 'reliability', 'lead time', 'change failure rate'],
  [paths.account()]: ['password', 'name', 'profile'],
  [paths.sessions()]: ['browsers', 'devices', 'sign out elsewhere'],
  [paths.people()]: ['users', 'roles', 'team'],
  [paths.playbooks()]: ['playbook', 'steps', 'checklist', 'incidents'],
  [paths.configuration()]: ['services', 'environments', 'ops.config'],
};

/** The command line's name for what a page shows. */
const PAGE_COMMANDS: Record<string, Partial<PaletteEntry>> = {
  [paths.monitorChecks()]: { command: 'status:health' },
  [paths.statusUpdates()]: { command: 'incident:status-page-update' },
  [paths.postmortems()]: { command: 'postmortem:list' },
  [paths.actionItems()]: { command: 'action-items:list' },
  [paths.figures()]: { command: 'figures' },
};

/** Every page, what is done in the settings, and what a person does with the console itself. */
export function pageEntries({ subject, theme, schedules }: PaletteFacts): PaletteEntry[] {
  const page = (
    href: string,
    title: string,
    permission: Permission,
    more: Partial<PaletteEntry> = {},
  ): PaletteEntry => ({
    id: `page:${href}`,
    group: 'pages',
    icon: 'page',
    title,
    keywords: ['page', ...(PAGE_KEYWORDS[href] ?? [])],
    blockedBy: bar(subject, permission),
    does: { kind: 'open', href },
    ...more,
  });
  const setting = (
    icon: EntryIcon,
    href: string,
    title: string,
    permission: Permission,
    keywords: string[],
  ) => page(href, title, permission, { group: 'settings', icon, keywords });
  return [
    ...EVERYWHERE.map(({ href, label, permission }) => page(href, label, permission, PAGE_COMMANDS[href])),
    page(paths.apiReference(), 'API reference', 'overview.read', {
      keywords: ['page', 'http', 'openapi', 'documentation', 'curl', 'endpoints'],
    }),
    ...schedules.map((schedule) =>
      page(paths.schedules(), `Schedule: ${schedule.title}`, 'schedules.read', {
        id: `schedule:${schedule.id}`,
        icon: 'schedule',
        detail: schedule.paused ? `Paused by ${schedule.paused.byName}` : schedule.cron,
        keywords: ['cron', 'pause', 'run now', schedule.service, schedule.environment, schedule.key],
      }),
    ),
    ...SECTIONS.map(({ href, label, permission }) =>
      page(href, `Settings: ${label}`, permission, { group: 'settings', icon: 'settings' }),
    ),
    setting('token', paths.newToken(), 'Make an API token', 'account.manage', ['new', 'create', 'key']),
    setting('person', paths.newPerson(), 'Invite a person', 'people.manage', ['new', 'add', 'user']),
    page(paths.publicStatus(), 'What the public sees', 'overview.read', {
      keywords: ['status page', 'uptime', 'outage', 'visitors'],
      does: { kind: 'document', href: paths.publicStatus() },
    }),
    page(paths.health(), 'Health of the console', 'overview.read', {
      group: 'console',
      icon: 'validate',
      command: 'status:console',
      keywords: ['probe', 'database', 'worker'],
      does: { kind: 'document', href: paths.health() },
    }),
    ...THEMES.map(
      (choice): PaletteEntry => ({
        id: `theme:${choice}`,
        group: 'console',
        icon: 'theme',
        title: THEME_TITLES[choice],
        keywords: ['theme', 'appearance', 'colours', 'mode'],
        blockedBy: choice === theme ? 'It looks like that now' : null,
        does: { kind: 'send', action: paths.theme(), fields: { intent: 'theme', theme: choice } },
      }),
    ),
    page(`${paths.palette()}#keyboard`, 'Keyboard shortcuts', 'overview.read', {
      id: 'help',
      group: 'console',
      icon: 'help',
      keywords: ['help', 'keys', '?'],
    }),
    {
      id: 'sign-out',
      group: 'console',
      icon: 'signOut',
      title: 'Sign out',
      keywords: ['log out', 'logout', 'leave'],
      blockedBy: null,
      does: { kind: 'send', action: paths.logout(), fields: {} },
    },
  ];
}
