import { estimateForResolved } from '#server/business/automatic';
import { incidentImpactKnown } from '#server/business/contract';
import { createSources } from '#server/business/drivers/registry';
import { BUSINESS_SOURCES } from '#server/business/drivers/source';
import { rollBackForAlert } from '#server/deployments/automatic-rollback';
import { automaticRollbackDecided, deployEnded } from '#server/deployments/contract';
import { followDrill } from '#server/deployments/drills/follow';
import { drillJob } from '#server/deployments/drills/job';
import { DRIVERS } from '#server/deployments/drivers/driver';
import { createDrivers } from '#server/deployments/drivers/registry';
import { rollBackFailedValidation } from '#server/deployments/event-handlers';
import { deploymentPlanners } from '#server/deployments/planners';
import { checklistProcedure, validationProcedure } from '#server/deployments/procedures/checks';
import { deployProcedure } from '#server/deployments/procedures/deploy';
import { restartProcedure } from '#server/deployments/procedures/restart';
import { rollbackProcedure } from '#server/deployments/procedures/rollback';
import {
  noteAlertAcknowledged,
  noteAlertResolved,
  openForAlert,
  openForRollback,
} from '#server/incidents/automatic';
import { incidentMerged, incidentResolved } from '#server/incidents/contract';
import { ATTACHMENT_STORE } from '#server/incidents/drivers/attachment-store';
import { postgresAttachments } from '#server/incidents/drivers/postgres-attachments';
import { noteDeployEnded, noteToggle } from '#server/incidents/note-changes';
import { noteImpact } from '#server/incidents/note-impact';
import { noteStatusUpdate } from '#server/incidents/note-status-update';
import { beginSteps, noteWatch, noteWatchRefused } from '#server/incidents/playbooks/automatic';
import { fixScheduled, selfStartingSteps, watchRequested } from '#server/incidents/playbooks/contract';
import { breachLockdownDecided, toggleChanged, watchRefused } from '#server/maintenance/contract';
import { CONTROLS } from '#server/maintenance/drivers/control';
import { createControls } from '#server/maintenance/drivers/http-control';
import { lockDownForBreach } from '#server/maintenance/lock-down-for-breach';
import { clearCacheProcedure, optimiseProcedure } from '#server/maintenance/procedures/emergency';
import {
  disableMaintenanceProcedure,
  enableMaintenanceProcedure,
  lockdownProcedure,
  unlockProcedure,
} from '#server/maintenance/procedures/toggles';
import { watchForIncident } from '#server/maintenance/watch-for-incident';
import { noteLockdownDecision, noteRollbackDecision } from '#server/monitoring/alerts/automatic-actions';
import {
  alertAcknowledged,
  alertFired,
  alertResolved,
  automaticActionRequested,
} from '#server/monitoring/alerts/contract';
import { NOTIFICATION_DRIVER } from '#server/notifications/drivers/driver';
import { createSlackDriver } from '#server/notifications/drivers/slack';
import { systemClock } from '#server/platform/clock';
import { type App, createApp, type Token } from '#server/platform/context';
import { openDatabase } from '#server/platform/db';
import type { Env } from '#server/platform/env';
import { EventRegistry } from '#server/platform/events';
import { randomIds } from '#server/platform/ids';
import { createLogger, type Logger } from '#server/platform/logger';
import { beginForImpact } from '#server/postmortems/automatic';
import { addMergedFixes, addScheduledFix } from '#server/postmortems/scheduled-fixes';
import { PLANNERS, RUN_POLICY, type RunPolicy } from '#server/runs/policy';
import { PROCEDURES, type Procedure } from '#server/runs/procedure';
import { SCHEDULED_JOBS } from '#server/schedules/job';
import { type LoadedConfig, loadConfig } from '#server/services/load-config';
import { findEnvironmentConfig, OPS_CONFIG } from '#server/services/queries';
import { statusUpdatePosted } from '#server/status/contract';
import { followMerge } from '#server/status/follow-merge';

/** Queries that take longer than this are ended; the longest page query measured is far below. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** Everything runnable of this installation. */
const ALL_PROCEDURES = [
  deployProcedure,
  rollbackProcedure,
  checklistProcedure,
  validationProcedure,
  restartProcedure,
  enableMaintenanceProcedure,
  disableMaintenanceProcedure,
  lockdownProcedure,
  unlockProcedure,
  clearCacheProcedure,
  optimiseProcedure,
];

/** What the clock can start. */
const ALL_JOBS = [drillJob];

/** A second person must approve what the configuration of its environment lists; see `approvals` there. */
const approvalPolicy: RunPolicy = {
  needsApproval: (ctx, plan) =>
    findEnvironmentConfig(ctx, plan)?.approvals.some((procedure) => procedure === plan.procedure) ?? false,
};

/**
 * The composition root: the only file that wires domains together. Called once per process.
 * @throws EnvError when the configuration cannot be used
 */
export async function bootstrap(
  kind: 'web' | 'worker' | 'cli',
  env: Env,
): Promise<{ app: App; close(): Promise<void> }> {
  const loaded = await loadConfig(env.OPS_CONFIG);
  const log = createLogger({ level: env.LOG_LEVEL, process: kind });
  const database = openDatabase(env.DATABASE_URL, {
    poolSize: env.DATABASE_POOL_SIZE,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    idleInTransactionTimeoutMs: env.RUN_LEASE_MS / 2,
  });
  const app = createApp({
    database,
    log,
    env,
    clock: systemClock,
    ids: randomIds,
    events: createEventRegistry(),
    provided: provideDomains(loaded, log).set(NOTIFICATION_DRIVER, createSlackDriver(env, systemClock)),
  });
  return { app, close: () => database.close() };
}

/** What domains find under their tokens. */
export function provideDomains(loaded: LoadedConfig, log: Logger): Map<Token<unknown>, unknown> {
  return new Map<Token<unknown>, unknown>([
    [OPS_CONFIG, loaded],
    [ATTACHMENT_STORE, postgresAttachments],
    [PROCEDURES, new Map(ALL_PROCEDURES.map((item) => [item.id, item as unknown as Procedure<never>]))],
    [DRIVERS, createDrivers(loaded.config, log)],
    [CONTROLS, createControls(loaded.config)],
    [BUSINESS_SOURCES, createSources(loaded.config)],
    [RUN_POLICY, approvalPolicy],
    [PLANNERS, deploymentPlanners],
    [SCHEDULED_JOBS, new Map(ALL_JOBS.map((job) => [job.id, job]))],
  ]);
}

/** Which domain reacts to which fact of another. */
export function createEventRegistry(): EventRegistry {
  const events = new EventRegistry();
  events.on(deployEnded, 'deployments.roll-back-failed-validation', rollBackFailedValidation);
  events.on(deployEnded, 'deployments.follow-drill', followDrill);
  events.on(automaticActionRequested, 'maintenance.lock-down-for-breach', lockDownForBreach);
  events.on(automaticActionRequested, 'deployments.roll-back-for-alert', rollBackForAlert);
  events.on(automaticRollbackDecided, 'monitoring.note-rollback-decision', noteRollbackDecision);
  events.on(breachLockdownDecided, 'monitoring.note-lockdown-decision', noteLockdownDecision);
  events.on(alertFired, 'incidents.open-for-alert', openForAlert);
  events.on(automaticRollbackDecided, 'incidents.open-for-rollback', openForRollback);
  events.on(alertAcknowledged, 'incidents.note-alert-acknowledged', noteAlertAcknowledged);
  events.on(alertResolved, 'incidents.note-alert-resolved', noteAlertResolved);
  events.on(incidentResolved, 'business.estimate-for-resolved', estimateForResolved);
  events.on(incidentImpactKnown, 'incidents.note-impact', noteImpact);
  events.on(incidentImpactKnown, 'postmortems.begin-for-impact', beginForImpact);
  events.on(statusUpdatePosted, 'incidents.note-status-update', noteStatusUpdate);
  events.on(selfStartingSteps, 'incidents.begin-steps', beginSteps);
  events.on(watchRequested, 'maintenance.watch-for-incident', watchForIncident);
  events.on(toggleChanged, 'incidents.note-watch', noteWatch);
  events.on(watchRefused, 'incidents.note-watch-refused', noteWatchRefused);
  events.on(toggleChanged, 'incidents.note-toggle', noteToggle);
  events.on(deployEnded, 'incidents.note-deploy-ended', noteDeployEnded);
  events.on(incidentMerged, 'status.follow-merge', followMerge);
  events.on(incidentMerged, 'postmortems.add-merged-fixes', addMergedFixes);
  events.on(fixScheduled, 'postmortems.add-scheduled-fix', addScheduledFix);
  return events;
}
