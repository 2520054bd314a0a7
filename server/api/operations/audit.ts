import { defineOperation } from '#server/api/operation';
import { auditFilter, auditPage } from '#server/audit/contract';

/** What can be asked about the audit log. */
export const AUDIT_OPERATIONS = {
  listAudit: defineOperation({
    method: 'get',
    path: '/audit',
    group: 'Audit',
    summary: 'Who did what, newest first',
    input: auditFilter,
    status: 200,
    output: auditPage,
  }),
} as const;
