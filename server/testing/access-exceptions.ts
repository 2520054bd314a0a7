/* What the authorization matrix (`server/http/authorization-matrix.db.test.ts`) finds beside its rules, and why each is right. */

/** Functions of command and query files that are no operation of their own: their caller has checked the permission. */
export const HELPERS: Record<string, string> = {
  '/server/audit/commands.ts#recordAudit': 'writes the entry of a command, in its transaction',
  '/server/notifications/commands.ts#enqueueNotification':
    'writes the notification of a command, in its transaction',
  '/server/services/queries.ts#environmentConfig': 'reads the configuration for other operations',
  '/server/services/queries.ts#findEnvironmentConfig': 'the same, where an environment may be gone',
  '/server/services/queries.ts#environmentViews': 'the same, of all environments',
  '/server/metrics/queries/measure-many.ts#measureMany': 'part of rules and tiles',
  '/server/metrics/queries/charts.ts#chartMany': 'part of the charts of an environment',
  '/server/metrics/queries/charts.ts#lastHeardOf': 'the same, and of tiles',
  '/server/deployments/queries/switches.ts#listSwitches': 'the same, as marks',
  '/server/runs/queries.ts#findRunSummaries': 'part of the queries of other domains',
  '/server/deployments/queries/environments.ts#findActiveRun': 'part of the previews',
  '/server/deployments/queries/environments.ts#toLockView': 'shapes a row',
  '/server/deployments/queries/deployments.ts#recentDeployments': 'part of the overview',
  '/server/deployments/queries/releases.ts#describeReleases': 'part of the queries about releases',
  '/server/deployments/queries/was-live.ts#wasLive': 'part of rules',
  '/server/deployments/queries/request-logs.ts#listRequestLogs': 'read by the worker',
  '/server/maintenance/commands/switch-toggles.ts#switchByConsole': 'called by the console itself',
  '/server/maintenance/queries.ts#enhancedIntervalSeconds': 'part of the checks',
  '/server/maintenance/queries.ts#isInMaintenance': 'part of rules and automatic actions',
  '/server/monitoring/security-events/queries.ts#countSecurityEvents': 'part of rules',
  '/server/monitoring/checks/queries/read-check-states.ts#readCheckStates': 'part of rules',
  '/server/monitoring/checks/queries/uptime.ts#uptime':
    'part of the queries about checks and of status pages',
  '/server/deployments/commands/request-runs.ts#requestFirstDeploy':
    'called by the console itself at its first start',
  '/server/deployments/commands/request-runs.ts#queueDeploy':
    'part of the requests of a deploy and of a drill',
};

/** What the anonymous may do, and why. */
export const OPEN_TO_ANYONE: Record<string, string> = {
  '/server/auth/commands/sign-in.ts#login': 'the way in',
  '/server/auth/commands/sign-in.ts#logout': 'ends the caller’s own session, if there is one',
  '/server/auth/commands/create-first-admin.ts#createFirstAdmin': 'the one-time link is the permission',
  '/server/auth/commands/manage-tokens.ts#createTokenWithPassword': 'the way in of programs',
  '/server/auth/commands/join.ts#acceptInvitation': 'the one-time link is the permission',
  '/server/api/queries.ts#getApiDocument': 'says what there is to ask, of any console',
  '/server/http/health.ts#getHealth': 'probes have no account; it tells no secret',
  '/server/status/queries.ts#getPublicStatus': 'the public status page',
  '/server/auth/queries.ts#checkInvitation': 'the one-time link is the permission',
  '/server/auth/queries.ts#checkSetupLink': 'the one-time link is the permission',
  '/server/auth/queries.ts#needsSetup': 'the login page points to the link',
  '/server/auth/queries.ts#listDemoPeople': 'the login page of a console that only its machine reaches',
  'page root.tsx': 'frames every page; shows nothing before a login',
  'page auth/login.route.tsx': 'the way in',
  'intent auth/login.route.tsx default': 'the way in',
  'page auth/logout.route.tsx': 'leads back to the overview',
  'intent auth/logout.route.tsx default': 'ends the caller’s own session, if there is one',
  'page auth/setup.route.tsx': 'the one-time link is the permission',
  'intent auth/setup.route.tsx default': 'the one-time link is the permission',
  'page auth/join.route.tsx': 'the one-time link is the permission',
  'intent auth/join.route.tsx default': 'the one-time link is the permission',
  'page http/not-found.route.tsx': 'says that there is nothing',
  'intent http/not-found.route.tsx default': 'says that there is nothing',
  'page api/reference.route.tsx':
    'describes calls, and explains refusals to programs before they have a token',
  'page preferences/preferences.route.tsx': 'leads back',
  'intent preferences/preferences.route.tsx theme': 'a cookie of the caller’s own browser',
  'intent preferences/preferences.route.tsx rail': 'a cookie of the caller’s own browser',
  'intent preferences/preferences.route.tsx columns': 'a cookie of the caller’s own browser',
  'endpoint GET /api/health': 'probes have no account; it tells no secret',
  'endpoint GET /status': 'the public status page',
  'endpoint GET /status/history': 'the public status page',
  'endpoint GET /status/incidents/:number': 'the public status page',
  'endpoint GET /status.json': 'the public status page, for programs',
  'endpoint GET /status.rss': 'the public status page, for feed readers',
};

/** Writes that a permission to read, or any login, is enough for, and why. */
export const WRITES_FOR_READERS: Record<string, string> = {
  '/server/auth/commands/sign-in.ts#reauthenticate': 'about the caller’s own session',
  '/server/schedules/commands.ts#runScheduleNow': 'asks for the permission of the schedule’s job',
  'intent schedules/run.route.tsx run': 'the same, by its page',
};
