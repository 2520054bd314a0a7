import { index, type RouteConfig, route } from '@remix-run/route-config';

/** The table of contents: every address of the pages and the file that answers it. */
export default [
  index('overview/overview.route.tsx'),

  route('deployments', 'deployments/list.route.tsx'),
  route('deployments/new', 'deployments/choose-deploy.route.tsx'),
  route('rollback', 'deployments/choose-rollback.route.tsx'),
  route(':service/:environment/deployments/new', 'deployments/new.route.tsx'),
  route(':service/:environment/rollback', 'deployments/rollback.route.tsx'),
  route(':service/:environment/checks', 'deployments/checks.route.tsx'),
  route(':service/:environment/lock', 'deployments/lock.route.tsx'),
  route(':service/:environment/releases/mark', 'deployments/mark-release.route.tsx'),

  route(':service/:environment/drill', 'deployments/new-drill.route.tsx'),
  route('drills', 'deployments/drills.route.tsx'),
  route('drills.csv', 'deployments/drills-csv.route.tsx'),

  route('schedules', 'schedules/list.route.tsx'),
  route('schedules/:scheduleId', 'schedules/detail.route.tsx'),
  route('schedules/:scheduleId/change', 'schedules/change.route.tsx'),
  route('schedules/:scheduleId/run', 'schedules/run.route.tsx'),
  route('schedules/:scheduleId/ticks.csv', 'schedules/ticks-csv.route.tsx'),

  route('freezes', 'deployments/freezes.route.tsx'),
  route('freezes.csv', 'deployments/freezes-csv.route.tsx'),
  route('freezes/new', 'deployments/new-freeze.route.tsx'),

  route('maintenance', 'maintenance/list.route.tsx'),
  route('maintenance.csv', 'maintenance/csv.route.tsx'),
  route(':service/:environment/maintenance', 'maintenance/toggle.route.tsx'),
  route(':service/:environment/enhanced-monitoring', 'maintenance/enhanced.route.tsx'),
  route(':service/:environment/emergency/:command', 'maintenance/emergency.route.tsx'),
  route('security', 'security/list.route.tsx'),
  route('security/events.csv', 'security/events-csv.route.tsx'),
  route(':service/:environment/lockdown', 'security/lockdown.route.tsx'),

  route('status-updates', 'status/updates.route.tsx'),

  route('checks', 'monitoring/checks.route.tsx'),
  route('checks.csv', 'monitoring/checks-csv.route.tsx'),
  route('checks/new', 'monitoring/new-check.route.tsx'),
  route('checks/:checkId', 'monitoring/check.route.tsx'),
  route('checks/:checkId/change', 'monitoring/change-check.route.tsx'),
  route('checks/:checkId/results.csv', 'monitoring/check-results-csv.route.tsx'),

  route(':service/:environment/metrics', 'metrics/metrics.route.tsx'),
  route(':service/:environment/metrics.json', 'metrics/board.route.tsx'),
  route(':service/:environment/metrics.csv', 'metrics/metrics-csv.route.tsx'),

  route('approvals', 'runs/approvals.route.tsx'),
  route('approvals.csv', 'runs/approvals-csv.route.tsx'),

  route('runs', 'runs/list.route.tsx'),
  route('runs.csv', 'runs/csv.route.tsx'),
  route('runs/:runId', 'runs/detail.route.tsx', [index('runs/log.route.tsx')]),
  route('runs/:runId/log', 'runs/log-lines.route.tsx'),

  route('incidents', 'incidents/list.route.tsx'),
  route('incidents.csv', 'incidents/csv.route.tsx'),
  route('incidents/new', 'incidents/new.route.tsx'),
  route('incidents/:number', 'incidents/detail.route.tsx'),
  route('incidents/:number/images/:imageId', 'incidents/image.route.tsx'),

  route('figures', 'figures/figures.route.tsx'),
  route('figures.csv', 'figures/csv.route.tsx'),

  route('alerts', 'alerts/list.route.tsx'),
  route('alerts.csv', 'alerts/csv.route.tsx'),
  route('alerts/rules', 'alerts/rules.route.tsx'),
  route('alerts/rules.csv', 'alerts/rules-csv.route.tsx'),
  route('alerts/rules/new', 'alerts/new-rule.route.tsx'),
  route('alerts/rules/:key', 'alerts/rule.route.tsx'),
  route('alerts/:alertId', 'alerts/detail.route.tsx'),
  route('alerts/deliveries', 'notifications/deliveries.route.tsx'),
  route('alerts/deliveries.csv', 'notifications/deliveries-csv.route.tsx'),
  route('alerts/deliveries/:notificationId', 'notifications/delivery.route.tsx'),

  route('postmortems', 'postmortems/list.route.tsx'),
  route('postmortems.csv', 'postmortems/csv.route.tsx'),
  route('postmortems/:number', 'postmortems/detail.route.tsx'),
  route('postmortems/:number/edit', 'postmortems/edit.route.tsx'),
  route('postmortems/:number/print', 'postmortems/print.route.tsx'),
  route('postmortems/:number.md', 'postmortems/document.route.tsx'),
  route('action-items', 'postmortems/board.route.tsx'),
  route('action-items.csv', 'postmortems/items-csv.route.tsx'),

  route('audit', 'audit/list.route.tsx'),
  route('audit.csv', 'audit/csv.route.tsx'),

  route('palette', 'palette/list.route.tsx'),
  route('palette.json', 'palette/entries.route.tsx'),
  route('api-reference', 'api/reference.route.tsx'),

  route('settings', 'settings/layout.route.tsx', [
    index('settings/index.route.tsx'),
    route('account', 'settings/account.route.tsx'),
    route('sessions', 'settings/sessions.route.tsx'),
    route('tokens', 'settings/tokens.route.tsx'),
    route('tokens/new', 'settings/new-token.route.tsx'),
    route('tokens/:tokenId', 'settings/token.route.tsx'),
    route('people', 'settings/people.route.tsx'),
    route('people/new', 'settings/new-person.route.tsx'),
    route('people/:userId', 'settings/person.route.tsx'),
    route('channels', 'notifications/channels.route.tsx'),
    route('services', 'settings/services.route.tsx'),
    route('playbooks', 'incidents/playbooks.route.tsx'),
    route('playbooks/:level', 'incidents/playbook.route.tsx'),
  ]),
  route('settings/people.csv', 'settings/people-csv.route.tsx'),
  route('settings/tokens.csv', 'settings/tokens-csv.route.tsx'),

  route('login', 'auth/login.route.tsx'),
  route('logout', 'auth/logout.route.tsx'),
  route('setup/:token', 'auth/setup.route.tsx'),
  route('join/:token', 'auth/join.route.tsx'),
  route('theme', 'preferences/preferences.route.tsx'),

  route('*', 'http/not-found.route.tsx'),
] satisfies RouteConfig;
