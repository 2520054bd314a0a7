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

  route('runs', 'runs/list.route.tsx'),
  route('runs.csv', 'runs/csv.route.tsx'),
  route('runs/:runId', 'runs/detail.route.tsx', [index('runs/log.route.tsx')]),
  route('runs/:runId/log', 'runs/log-lines.route.tsx'),

  route('audit', 'audit/list.route.tsx'),
  route('audit.csv', 'audit/csv.route.tsx'),

  route('login', 'auth/login.route.tsx'),
  route('logout', 'auth/logout.route.tsx'),
  route('setup/:token', 'auth/setup.route.tsx'),
  route('theme', 'preferences/preferences.route.tsx'),

  route('*', 'http/not-found.route.tsx'),
] satisfies RouteConfig;
