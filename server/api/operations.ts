import type * as z from 'zod/mini';
import { ALERT_OPERATIONS } from '#server/api/operations/alerts';
import { APPROVAL_OPERATIONS } from '#server/api/operations/approvals';
import { AUDIT_OPERATIONS } from '#server/api/operations/audit';
import { BUSINESS_OPERATIONS } from '#server/api/operations/business';
import { CHECK_OPERATIONS } from '#server/api/operations/checks';
import { CONSOLE_OPERATIONS } from '#server/api/operations/console';
import { DRILL_OPERATIONS } from '#server/api/operations/drills';
import { ENVIRONMENT_OPERATIONS } from '#server/api/operations/environments';
import { FIGURE_OPERATIONS } from '#server/api/operations/figures';
import { FREEZE_OPERATIONS } from '#server/api/operations/freezes';
import { INCIDENT_OPERATIONS } from '#server/api/operations/incidents';
import { MAINTENANCE_OPERATIONS } from '#server/api/operations/maintenance';
import { METRIC_OPERATIONS } from '#server/api/operations/metrics';
import { NOTIFICATION_OPERATIONS } from '#server/api/operations/notifications';
import { PEOPLE_OPERATIONS } from '#server/api/operations/people';
import { PLAYBOOK_OPERATIONS } from '#server/api/operations/playbooks';
import { POSTMORTEM_OPERATIONS } from '#server/api/operations/postmortems';
import { RUN_OPERATIONS } from '#server/api/operations/runs';
import { SCHEDULE_OPERATIONS } from '#server/api/operations/schedules';
import { SECURITY_OPERATIONS } from '#server/api/operations/security';
import { STATUS_OPERATIONS } from '#server/api/operations/status';
import { TOKEN_OPERATIONS } from '#server/api/operations/tokens';
import { VIEW_OPERATIONS } from '#server/api/operations/views';

/** Every call of the HTTP API by its id. */
export const OPERATIONS = {
  ...ENVIRONMENT_OPERATIONS,
  ...RUN_OPERATIONS,
  ...APPROVAL_OPERATIONS,
  ...FREEZE_OPERATIONS,
  ...DRILL_OPERATIONS,
  ...SCHEDULE_OPERATIONS,
  ...MAINTENANCE_OPERATIONS,
  ...SECURITY_OPERATIONS,
  ...NOTIFICATION_OPERATIONS,
  ...ALERT_OPERATIONS,
  ...INCIDENT_OPERATIONS,
  ...BUSINESS_OPERATIONS,
  ...VIEW_OPERATIONS,
  ...PLAYBOOK_OPERATIONS,
  ...POSTMORTEM_OPERATIONS,
  ...FIGURE_OPERATIONS,
  ...STATUS_OPERATIONS,
  ...CHECK_OPERATIONS,
  ...METRIC_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...CONSOLE_OPERATIONS,
} as const;

export type OperationId = keyof typeof OPERATIONS;
/** What a caller sends; defaults are filled in by the console. */
export type InputOf<K extends OperationId> = z.input<(typeof OPERATIONS)[K]['input']>;
export type OutputOf<K extends OperationId> = z.output<(typeof OPERATIONS)[K]['output']>;
