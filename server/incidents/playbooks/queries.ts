import { defineQuery } from '#server/auth/guard';
import {
  type IncidentPlaybook,
  listPlaybooksInput,
  type PlaybookStepView,
  playbookInput,
} from '#server/incidents/playbooks/contract';
import { readPlaybook } from '#server/incidents/playbooks/records';
import { toStepView } from '#server/incidents/playbooks/templates';
import { findIncidentId } from '#server/incidents/records';

/** The steps of an incident with what the console found. The number of a merged one leads on. @throws AppError `not_found` */
export const getPlaybook = defineQuery({
  name: 'incidents.get-playbook',
  access: 'incidents.read',
  input: playbookInput,
  handle: async (ctx, { number }): Promise<IncidentPlaybook> => {
    const id = await findIncidentId(ctx, number);
    const row = await ctx.db.incident.findUniqueOrThrow({
      where: { id },
      select: { id: true, number: true },
    });
    return readPlaybook(ctx, row);
  },
});

/** What the playbooks ask for, by level and in order; those that are retired come last. */
export const listPlaybooks = defineQuery({
  name: 'playbooks.list',
  access: 'incidents.read',
  input: listPlaybooksInput,
  handle: async (ctx, { level }): Promise<PlaybookStepView[]> => {
    const rows = await ctx.db.playbookStep.findMany({
      where: level === undefined ? {} : { level },
      orderBy: [{ level: 'asc' }, { isActive: 'desc' }, { position: 'asc' }, { key: 'asc' }],
    });
    return rows.map(toStepView);
  },
});
