import type { OperationId, OutputOf } from '#server/api/operations';
import { listAudit } from '#server/audit/queries';
import {
  changeRole,
  createPerson,
  disablePerson,
  enablePerson,
  renewLink,
} from '#server/auth/commands/manage-people';
import { endOtherSessions, endSession, endSessionsOf } from '#server/auth/commands/manage-sessions';
import { createToken, createTokenWithPassword, revokeToken } from '#server/auth/commands/manage-tokens';
import { setOwnSlackHandle, setSlackHandle } from '#server/auth/commands/set-slack-handle';
import type { Guarded } from '#server/auth/guard';
import { getMe, listPeople, listSessions, listTokens } from '#server/auth/queries';
import { estimateImpact, overrideImpact } from '#server/business/commands';
import { getImpact } from '#server/business/queries';
import { liftLock, lockEnvironment, markRelease } from '#server/deployments/commands/manage-environments';
import { createFreeze, endFreeze } from '#server/deployments/commands/manage-freezes';
import {
  requestChecklist,
  requestDeploy,
  requestRestart,
  requestRollback,
  requestValidation,
} from '#server/deployments/commands/request-runs';
import { requestDrill } from '#server/deployments/drills/commands';
import { listDrillPlaces, listDrills } from '#server/deployments/drills/queries';
import { listDeployments } from '#server/deployments/queries/deployments';
import { getEnvironmentState, getOverview } from '#server/deployments/queries/environments';
import { listFreezes } from '#server/deployments/queries/freezes';
import {
  previewChecklist,
  previewDeploy,
  previewRestart,
  previewRollback,
  previewValidation,
} from '#server/deployments/queries/previews';
import { listReleases } from '#server/deployments/queries/releases';
import { listFigureIncidents, readFigures } from '#server/figures/queries';
import { getHealth } from '#server/http/health';
import { addIncidentImages } from '#server/incidents/commands/add-images';
import { assignIncidentRole } from '#server/incidents/commands/assign-role';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { changeIncidentTitle } from '#server/incidents/commands/change-title';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { leaveIncidentRole } from '#server/incidents/commands/leave-role';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { pinIncidentEntry, unpinIncidentEntry } from '#server/incidents/commands/pin-entry';
import { addIncidentNote, correctIncidentEntry } from '#server/incidents/commands/write-timeline';
import { assessDamage, proposeRestore } from '#server/incidents/playbooks/commands/emergency';
import {
  addPlaybookStep,
  changePlaybookStep,
  movePlaybookStep,
} from '#server/incidents/playbooks/commands/manage-steps';
import { runIncidentAction } from '#server/incidents/playbooks/commands/run-action';
import {
  noteWorkaround,
  scheduleIncidentFix,
  settleIncidentStep,
} from '#server/incidents/playbooks/commands/settle-step';
import { getPlaybook, listPlaybooks } from '#server/incidents/playbooks/queries';
import { getIncident, listIncidents, listTimeline } from '#server/incidents/queries';
import { listPinnedEntries } from '#server/incidents/queries/pinned';
import {
  disableEnhancedMonitoring,
  enableEnhancedMonitoring,
} from '#server/maintenance/commands/monitoring-mode';
import { runEmergencyCommand } from '#server/maintenance/commands/run-emergency';
import {
  disableMaintenance,
  enableMaintenance,
  requestLockdown,
  requestUnlock,
} from '#server/maintenance/commands/switch-toggles';
import { listOpenToggles, listToggles, previewEmergency, previewToggle } from '#server/maintenance/queries';
import { pushMetrics } from '#server/metrics/commands';
import { listMetrics, listScrapeTargets } from '#server/metrics/queries/catalog';
import { readChart } from '#server/metrics/queries/charts';
import { acknowledgeAlert, resolveAlert } from '#server/monitoring/alerts/commands';
import { countAlerts, getAlert, listAlerts } from '#server/monitoring/alerts/queries';
import {
  changeCheck,
  createCheck,
  pauseCheck,
  removeCheck,
  resumeCheck,
  runCheckNow,
} from '#server/monitoring/checks/commands';
import {
  getCheck,
  getServiceHealth,
  listCheckResults,
  listChecks,
} from '#server/monitoring/checks/queries/checks';
import { createRule, switchRule, updateRule } from '#server/monitoring/rules/commands';
import { getRule, listRules, previewRule, testRule } from '#server/monitoring/rules/queries';
import { reportSecurityEvents } from '#server/monitoring/security-events/commands';
import { countEvents, listSecurityEvents } from '#server/monitoring/security-events/queries';
import {
  muteChannel,
  removeMention,
  retryDelivery,
  setMention,
  testChannel,
  unmuteChannel,
} from '#server/notifications/commands';
import { getDelivery, listChannels, listDeliveries, listMentions } from '#server/notifications/queries';
import type { Ctx } from '#server/platform/context';
import {
  approvePostmortem,
  publishPostmortem,
  returnPostmortem,
  submitPostmortem,
} from '#server/postmortems/commands/decide';
import { addActionItem, changeActionItem } from '#server/postmortems/commands/manage-items';
import { createPostmortem, savePostmortem } from '#server/postmortems/commands/write-postmortem';
import {
  exportPostmortem,
  getPostmortem,
  getPostmortemRevision,
  listActionItems,
  listPostmortems,
} from '#server/postmortems/queries';
import { approveRun, cancelRun, refuseRun, resumeRun } from '#server/runs/commands';
import { findRunByNumber, getRun, listRuns, readRunLog } from '#server/runs/queries';
import { listApprovals } from '#server/runs/queries/approvals';
import { changeSchedule, pauseSchedule, resumeSchedule, runScheduleNow } from '#server/schedules/commands';
import { getSchedule, listSchedules, listTicks, previewSchedule } from '#server/schedules/queries';
import { getConfiguration, listEnvironments } from '#server/services/queries';
import { discardStatusDraft, keepStatusDraft } from '#server/status/commands/keep-drafts';
import {
  addStatusComponent,
  changeStatusComponent,
  retireStatusComponent,
} from '#server/status/commands/manage-components';
import { announceMaintenance, cancelMaintenance } from '#server/status/commands/manage-page';
import { postStatusUpdate } from '#server/status/commands/post-update';
import { getStatusComposer } from '#server/status/queries';
import { deleteView, renameView, saveView } from '#server/views/commands/keep-views';
import { listViews } from '#server/views/queries';

/** A command or query as the API calls it, with what it demands of its caller. */
export type Handler<R = unknown> = ((ctx: Ctx, input: unknown) => Promise<R>) & Guarded;

/** What each operation does: one command or query, which checks permission and input itself. */
export const HANDLERS: { readonly [K in OperationId]: Handler<OutputOf<K>> } = {
  getOverview,
  listEnvironments: inRows(listEnvironments),
  getEnvironment: getEnvironmentState,
  listReleases: inRows(listReleases),
  markRelease,
  planDeploy: previewDeploy,
  planRollback: previewRollback,
  planChecklist: previewChecklist,
  planValidation: previewValidation,
  requestDeploy,
  requestRollback,
  requestChecklist,
  requestValidation,
  lockEnvironment,
  liftLock,
  listDeployments,
  listRuns,
  findRunByNumber,
  getRun,
  readRunLog: inRows(readRunLog),
  cancelRun,
  resumeRun,
  listApprovals,
  approveRun,
  refuseRun,
  listFreezes,
  createFreeze,
  endFreeze,
  listDrillPlaces: inRows(listDrillPlaces),
  listDrills,
  requestDrill,
  listSchedules: inRows(listSchedules),
  getSchedule,
  listTicks,
  previewSchedule,
  changeSchedule,
  pauseSchedule,
  resumeSchedule,
  runScheduleNow,
  listDeliveries,
  getDelivery,
  retryDelivery,
  listChannels: inRows(listChannels),
  testChannel,
  muteChannel,
  unmuteChannel,
  listMentions: inRows(listMentions),
  setMention,
  removeMention,
  listOpenToggles: inRows(listOpenToggles),
  listToggles,
  planToggle: previewToggle,
  enableMaintenance,
  disableMaintenance,
  lockDown: requestLockdown,
  unlock: requestUnlock,
  enableEnhancedMonitoring,
  disableEnhancedMonitoring,
  planRestart: previewRestart,
  requestRestart,
  planEmergency: previewEmergency,
  runEmergencyCommand,
  reportSecurityEvents,
  listSecurityEvents,
  countSecurityEvents: countEvents,
  listAlerts,
  countAlerts,
  getAlert,
  acknowledgeAlert,
  resolveAlert,
  listRules,
  getRule,
  createRule,
  updateRule,
  switchRule,
  previewRule,
  testRule,
  listIncidents,
  declareIncident,
  getIncident,
  listTimeline,
  changeIncidentState,
  changeIncidentLevel,
  changeIncidentTitle,
  assignIncidentRole,
  leaveIncidentRole,
  addIncidentNote,
  addIncidentImages,
  correctIncidentEntry,
  listPinnedEntries: inRows(listPinnedEntries),
  pinIncidentEntry,
  unpinIncidentEntry,
  mergeIncident,
  getIncidentImpact: getImpact,
  estimateIncidentImpact: estimateImpact,
  overrideIncidentImpact: overrideImpact,
  listViews: inRows(listViews),
  saveView,
  renameView,
  deleteView,
  getPlaybook,
  settleIncidentStep,
  runIncidentAction,
  noteWorkaround,
  scheduleIncidentFix,
  assessDamage,
  proposeRestore,
  listPlaybooks: inRows(listPlaybooks),
  addPlaybookStep,
  changePlaybookStep,
  movePlaybookStep,
  listPostmortems,
  createPostmortem,
  getPostmortem,
  savePostmortem,
  getPostmortemRevision,
  exportPostmortem,
  submitPostmortem,
  approvePostmortem,
  publishPostmortem,
  returnPostmortem,
  listActionItems,
  addActionItem,
  changeActionItem,
  getFigures: readFigures,
  listFigureIncidents,
  getStatusComposer,
  postStatusUpdate,
  keepStatusDraft,
  discardStatusDraft,
  announceMaintenance,
  cancelMaintenance,
  addStatusComponent,
  changeStatusComponent,
  retireStatusComponent,
  listChecks,
  getCheck,
  listCheckResults,
  getServiceHealth,
  createCheck,
  changeCheck,
  removeCheck,
  pauseCheck,
  resumeCheck,
  runCheckNow,
  pushMetrics,
  listMetrics: inRows(listMetrics),
  readChart,
  listScrapeTargets: inRows(listScrapeTargets),
  listAudit,
  getMe,
  listPeople: inRows(listPeople),
  createPerson,
  changeRole,
  disablePerson,
  enablePerson,
  renewLink,
  setSlackHandle,
  setOwnSlackHandle,
  endSessionsOf,
  listSessions: inRows(listSessions),
  endSession,
  endOtherSessions,
  logIn: createTokenWithPassword,
  listTokens: inRows(listTokens),
  createToken,
  revokeToken,
  getConfiguration,
  getHealth,
};

/** A list as an object, so that an answer can grow. */
function inRows<T>(list: Handler<T[]>): Handler<{ rows: T[] }> {
  const inRows = async (ctx: Ctx, input: unknown) => ({ rows: await list(ctx, input) });
  return Object.assign(inRows, { operation: list.operation, access: list.access });
}
