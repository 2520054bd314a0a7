import { can, whyNot } from '#server/auth/contract';
import { defineCommand } from '#server/auth/guard';
import { act, gatherFor } from '#server/incidents/playbooks/act';
import { type IncidentPlaybook, runActionInput } from '#server/incidents/playbooks/contract';
import { readPlaybook } from '#server/incidents/playbooks/records';
import { findIncidentId, holdIncident } from '#server/incidents/records';
import { incidentName } from '#server/incidents/words/contract';
import { AppError } from '#server/platform/errors';

/**
 * Has the console do what a playbook asks it for, whether or not the incident has such a step, and settles the step.
 * @throws AppError `not_found`; `forbidden` for enhanced monitoring without the permission to switch it; `conflict` for a merged
 * incident, or what was done before and is not done twice; `unprocessable` for a resolved incident or one without an environment
 */
export const runIncidentAction = defineCommand({
  name: 'incidents.run-action',
  access: 'incidents.manage',
  input: runActionInput,
  prepare: async (ctx, { number, action }) => {
    const id = await findIncidentId(ctx, number);
    return gatherFor(ctx, action, await ctx.db.incident.findUniqueOrThrow({ where: { id } }));
  },
  handle: async (tx, { number, action, minutes, intervalSeconds }, gathered): Promise<IncidentPlaybook> => {
    if (action === 'enhanced-monitoring' && !can(tx.actor, 'maintenance.toggle')) {
      throw new AppError('forbidden', 'You may not switch enhanced monitoring. Nothing was changed.', {
        hint: whyNot('maintenance.toggle', tx.actor),
      });
    }
    const incident = await holdIncident(tx, number);
    if (incident.state === 'resolved') {
      throw new AppError('unprocessable', `${incidentName(number)} is resolved. Nothing was done.`, {
        hint: 'Reopen it first, if it goes on.',
      });
    }
    await act(tx, incident, action, { gathered, minutes, intervalSeconds });
    return readPlaybook(tx, incident);
  },
});
