/** One environment of one service, as every operational URL names it. */
export interface Place {
  service: string;
  environment: string;
}

type Query = Record<string, string | number | boolean | null | undefined>;

/** A path with its query; empty values are left out. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

const at = ({ service, environment }: Place) =>
  `/${encodeURIComponent(service)}/${encodeURIComponent(environment)}`;

/** Every address of the console. Links and redirects take theirs from here. */
export const paths = {
  overview: () => '/',
  login: (redirectTo?: string) => withQuery('/login', { redirectTo }),
  logout: () => '/logout',
  theme: () => '/theme',

  deployments: (filter: Partial<Place> & { page?: number } = {}) => withQuery('/deployments', { ...filter }),
  newDeploymentAnywhere: () => '/deployments/new',
  newDeployment: (place: Place, tag?: string) => withQuery(`${at(place)}/deployments/new`, { tag }),
  rollbackAnywhere: () => '/rollback',
  rollback: (place: Place, tag?: string) => withQuery(`${at(place)}/rollback`, { tag }),
  checks: (place: Place, tag?: string) => withQuery(`${at(place)}/checks`, { tag }),
  lock: (place: Place) => `${at(place)}/lock`,
  markRelease: (place: Place, tag: string, verdict?: string) =>
    withQuery(`${at(place)}/releases/mark`, { tag, verdict }),

  runs: (filter: Query = {}) => withQuery('/runs', filter),
  runsCsv: (filter: Query = {}) => withQuery('/runs.csv', filter),
  run: (runId: string) => `/runs/${encodeURIComponent(runId)}`,
  runLog: (runId: string, query: { after?: number; limit?: number } = {}) =>
    withQuery(`/runs/${encodeURIComponent(runId)}/log`, query),

  maintenance: (filter: Query = {}) => withQuery('/maintenance', filter),
  maintenanceCsv: () => '/maintenance.csv',
  maintenanceMode: (place: Place) => `${at(place)}/maintenance`,
  enhancedMonitoring: (place: Place) => `${at(place)}/enhanced-monitoring`,
  emergency: (place: Place, command: string) => `${at(place)}/emergency/${encodeURIComponent(command)}`,
  security: (filter: Query = {}) => withQuery('/security', filter),
  securityEventsCsv: (filter: Query = {}) => withQuery('/security/events.csv', filter),
  lockdown: (place: Place) => `${at(place)}/lockdown`,

  statusUpdates: (about: Query = {}) => withQuery('/status-updates', about),
  publicStatus: () => '/status',
  publicIncident: (number: number) => `/status/incidents/${number}`,

  monitorChecks: (filter: Query = {}) => withQuery('/checks', filter),
  monitorChecksCsv: (filter: Query = {}) => withQuery('/checks.csv', filter),
  newMonitorCheck: (query: Query = {}) => withQuery('/checks/new', query),
  monitorCheck: (checkId: string, query: Query = {}) =>
    withQuery(`/checks/${encodeURIComponent(checkId)}`, query),
  changeMonitorCheck: (checkId: string) => `/checks/${encodeURIComponent(checkId)}/change`,
  checkResultsCsv: (checkId: string, filter: Query = {}) =>
    withQuery(`/checks/${encodeURIComponent(checkId)}/results.csv`, filter),

  metrics: (place: Place, query: Query = {}) => withQuery(`${at(place)}/metrics`, query),
  metricsJson: (place: Place) => `${at(place)}/metrics.json`,
  metricsCsv: (place: Place, query: Query = {}) => withQuery(`${at(place)}/metrics.csv`, query),

  approvals: (filter: Query = {}) => withQuery('/approvals', filter),
  approvalsCsv: () => '/approvals.csv',
  freezes: (filter: Query = {}) => withQuery('/freezes', filter),
  freezesCsv: () => '/freezes.csv',
  newFreeze: (query: Query = {}) => withQuery('/freezes/new', query),
  drills: (filter: Partial<Place> & { page?: number } = {}) => withQuery('/drills', { ...filter }),
  drillsCsv: (filter: Query = {}) => withQuery('/drills.csv', filter),
  newDrill: (place: Place) => `${at(place)}/drill`,
  schedules: () => '/schedules',
  schedule: (scheduleId: string) => `/schedules/${encodeURIComponent(scheduleId)}`,
  changeSchedule: (scheduleId: string, rule: Query = {}) =>
    withQuery(`/schedules/${encodeURIComponent(scheduleId)}/change`, rule),
  runSchedule: (scheduleId: string) => `/schedules/${encodeURIComponent(scheduleId)}/run`,
  ticksCsv: (scheduleId: string) => `/schedules/${encodeURIComponent(scheduleId)}/ticks.csv`,
  palette: () => '/palette',
  paletteEntries: () => '/palette.json',
  apiReference: () => '/api-reference',
  apiDocument: () => '/api/v1/openapi.json',
  health: () => '/api/health',

  incidents: (filter: Query = {}) => withQuery('/incidents', filter),
  incidentsCsv: (filter: Query = {}) => withQuery('/incidents.csv', filter),
  newIncident: (query: Query = {}) => withQuery('/incidents/new', query),
  incident: (number: number, query: Query = {}) => withQuery(`/incidents/${number}`, query),
  incidentImage: (number: number, imageId: string) => `/incidents/${number}/images/${imageId}`,

  figures: (filter: Query = {}) => withQuery('/figures', filter),
  figuresCsv: (filter: Query = {}) => withQuery('/figures.csv', filter),

  alerts: (filter: Query = {}) => withQuery('/alerts', filter),
  alertsCsv: (filter: Query = {}) => withQuery('/alerts.csv', filter),
  alert: (alertId: string) => `/alerts/${encodeURIComponent(alertId)}`,
  rules: (filter: Query = {}) => withQuery('/alerts/rules', filter),
  rulesCsv: (filter: Query = {}) => withQuery('/alerts/rules.csv', filter),
  newRule: (query: Query = {}) => withQuery('/alerts/rules/new', query),
  rule: (key: string, query: Query = {}) => withQuery(`/alerts/rules/${encodeURIComponent(key)}`, query),
  deliveries: (filter: Query = {}) => withQuery('/alerts/deliveries', filter),
  deliveriesCsv: (filter: Query = {}) => withQuery('/alerts/deliveries.csv', filter),
  delivery: (notificationId: string) => `/alerts/deliveries/${encodeURIComponent(notificationId)}`,
  channels: () => '/settings/channels',

  postmortems: (filter: Query = {}) => withQuery('/postmortems', filter),
  postmortemsCsv: (filter: Query = {}) => withQuery('/postmortems.csv', filter),
  postmortem: (number: number, query: Query = {}) => withQuery(`/postmortems/${number}`, query),
  editPostmortem: (number: number) => `/postmortems/${number}/edit`,
  postmortemDocument: (number: number) => `/postmortems/${number}.md`,
  printPostmortem: (number: number) => `/postmortems/${number}/print`,
  actionItems: (filter: Query = {}) => withQuery('/action-items', filter),
  actionItemsCsv: (filter: Query = {}) => withQuery('/action-items.csv', filter),

  settings: () => '/settings',
  people: (filter: Query = {}) => withQuery('/settings/people', filter),
  peopleCsv: (filter: Query = {}) => withQuery('/settings/people.csv', filter),
  newPerson: () => '/settings/people/new',
  person: (userId: string) => `/settings/people/${encodeURIComponent(userId)}`,
  tokens: (filter: Query = {}) => withQuery('/settings/tokens', filter),
  tokensCsv: (filter: Query = {}) => withQuery('/settings/tokens.csv', filter),
  newToken: () => '/settings/tokens/new',
  token: (tokenId: string) => `/settings/tokens/${encodeURIComponent(tokenId)}`,
  sessions: (filter: Query = {}) => withQuery('/settings/sessions', filter),
  configuration: () => '/settings/services',
  playbooks: () => '/settings/playbooks',
  playbook: (level: number) => `/settings/playbooks/${level}`,
  account: () => '/settings/account',
  join: (token: string) => `/join/${encodeURIComponent(token)}`,

  audit: (filter: Query = {}) => withQuery('/audit', filter),
  auditCsv: (filter: Query = {}) => withQuery('/audit.csv', filter),
} as const;

/** True when a link to `href` should look current on `pathname`. The overview matches itself only. */
export function isCurrentPath(href: string, pathname: string): boolean {
  if (href === '/') return pathname === '/';
  // They have a place of their own beside the alerts.
  if (href === '/alerts' && pathname.startsWith('/alerts/deliveries')) return false;
  return pathname === href || pathname.startsWith(`${href}/`);
}
