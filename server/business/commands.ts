import { defineCommand } from '#server/auth/guard';
import { type IncidentImpact, impactInput, overrideImpactInput } from '#server/business/contract';
import { SourceError } from '#server/business/drivers/source';
import { getImpact } from '#server/business/queries';
import {
  addImpact,
  type Estimate,
  estimate,
  findSource,
  impactOf,
  readHistory,
  spanOf,
} from '#server/business/records';
import { currentOf } from '#server/business/state';
import { minorOf } from '#server/business/words/contract';
import type { IncidentDetail } from '#server/incidents/contract';
import { getIncident } from '#server/incidents/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** Who may work on incidents reads them in it. */
const reader = (ctx: Ctx) => ctx.as(systemActor('The console'));

/**
 * Estimates from the service's own orders, payments and visits what an incident has cost, until its end or until now.
 * @throws AppError `not_found`; `unprocessable` where no source is set up; `unavailable` when it gives nothing
 */
export const estimateImpact = defineCommand({
  name: 'business.estimate-impact',
  access: 'incidents.manage',
  input: impactInput,
  prepare: async (ctx, given): Promise<{ incident: IncidentDetail; made: Estimate }> => {
    const incident = await getIncident(reader(ctx), given);
    const found = findSource(ctx, incident);
    if (found.problem !== null)
      throw new AppError('unprocessable', `${found.problem} Nothing was changed.`, {
        hint: 'Set it up as "business" of an environment in the configuration file, or say yourself what was lost.',
      });
    try {
      return { incident, made: await estimate(ctx, incident, found) };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new AppError('unavailable', `${error.message} Nothing was changed.`, {
        hint: 'Try again when it answers, or say yourself what was lost.',
      });
    }
  },
  handle: async (tx, _given, { incident, made }): Promise<IncidentImpact> => {
    await addImpact(tx, incident, impactOf(made));
    return getImpact(reader(tx), { number: incident.number });
  },
});

/**
 * Says what an incident cost instead of the estimate, and why. What is not given stays as it was last said.
 * @throws AppError `not_found`; `conflict` when somebody was quicker; `invalid_input` for what is no range of amounts or counts
 */
export const overrideImpact = defineCommand({
  name: 'business.override-impact',
  access: 'incidents.manage',
  input: overrideImpactInput,
  handle: async (tx, given): Promise<IncidentImpact> => {
    const incident = await getIncident(reader(tx), given);
    const { number } = incident;
    // Two who say something at once wait for each other here.
    await tx.db.$queryRaw`SELECT 1 FROM incident WHERE number = ${number} FOR UPDATE`;
    const history = await readHistory(tx, number);
    const last = history.at(-1)?.id ?? '0';
    if (last !== given.seen)
      throw new AppError(
        'conflict',
        `Something else was said of what ${incident.name} cost since you looked. Nothing was changed.`,
        { hint: 'Look at it again, then say it again if it still holds.' },
      );
    const found = findSource(tx, incident);
    const before = currentOf(history);
    const currency =
      given.currency ?? before?.currency ?? (found.problem === null ? found.source.currency : undefined);
    const revenue = revenueOf(given, currency);
    const users = usersOf(given);
    if (!revenue && !users)
      throw refused('revenueLow', 'Give a range of the lost revenue, or of the users affected, or both.');
    await addImpact(tx, incident, {
      kind: 'override',
      span: spanOf(tx, incident),
      reason: given.reason,
      figures: {
        currency: revenue ? (currency ?? null) : (before?.currency ?? null),
        revenueLowMinor: revenue?.low ?? before?.revenueLowMinor ?? null,
        revenueHighMinor: revenue?.high ?? before?.revenueHighMinor ?? null,
        revenueProblem: revenue ? null : (before?.revenueProblem ?? null),
        usersLow: users?.low ?? before?.usersLow ?? null,
        usersHigh: users?.high ?? before?.usersHigh ?? null,
        usersProblem: users ? null : (before?.usersProblem ?? null),
      },
    });
    return getImpact(reader(tx), { number });
  },
});

type Given = Pick<
  typeof overrideImpactInput._zod.output,
  'revenueLow' | 'revenueHigh' | 'usersLow' | 'usersHigh'
>;

function revenueOf({ revenueLow = '', revenueHigh = '' }: Given, currency: string | undefined) {
  if (revenueLow === '' && revenueHigh === '') return null;
  if (currency === undefined)
    throw refused('currency', 'Say in which currency, with three letters like EUR.');
  const amountOf = (field: string, text: string): number => {
    const minor = minorOf(text, currency);
    if (minor === null) throw refused(field, `Write an amount of ${currency}, 0 or more, like 1250.00.`);
    return minor;
  };
  const low = amountOf('revenueLow', revenueLow);
  const high = amountOf('revenueHigh', revenueHigh);
  if (high < low) throw refused('revenueHigh', 'The most is less than the least.');
  return { low, high };
}

function usersOf({ usersLow: low, usersHigh: high }: Given) {
  if (low === undefined && high === undefined) return null;
  if (low === undefined) throw refused('usersLow', 'Give the least as well.');
  if (high === undefined) throw refused('usersHigh', 'Give the most as well.');
  if (high < low) throw refused('usersHigh', 'The most is less than the least.');
  return { low, high };
}

function refused(field: string, problem: string): AppError {
  return new AppError('invalid_input', `${field}: ${problem} Nothing was changed.`, {
    fields: { [field]: [problem] },
  });
}
