import { previewRestart, previewRollback } from '#server/deployments/queries/previews';
import type { RestoreFacts, RestoreOption } from '#server/incidents/playbooks/contract';
import { attempt, placesOf, whyNowhere } from '#server/incidents/playbooks/gather/places';
import { RESTORE_WAYS, type RestoreWay } from '#server/incidents/playbooks/words/contract';
import { previewEmergency, previewToggle } from '#server/maintenance/queries';
import { type Ctx, systemActor } from '#server/platform/context';
import type { EnvironmentKey } from '#server/services/contract';

interface Outlook {
  words: string;
  blockedBy: string | null;
}

const PAGES: Record<RestoreWay, string> = {
  rollback: 'rollback',
  restart: 'emergency/restart',
  'clear-cache': 'emergency/clear-cache',
  maintenance: 'maintenance',
};

/** What each way would do now, as its own preview says it. */
const OUTLOOKS: Record<RestoreWay, (ctx: Ctx, place: EnvironmentKey) => Promise<Outlook>> = {
  rollback: async (ctx, place) => {
    const { target, plan, blockedBy, breakGlass, needsApproval } = await previewRollback(ctx, place);
    const from = plan.from ? `${plan.from.tag} to ` : '';
    const more = breakGlass === null ? '' : ', against the database schema: with a reason or a second person';
    return { words: `${from}${target.tag}${more}${approval(needsApproval)}`, blockedBy };
  },
  restart: async (ctx, place) => {
    const { plan, blockedBy, needsApproval } = await previewRestart(ctx, place);
    const release = plan.to ?? plan.from;
    return {
      words: `new processes${release ? ` of ${release.tag}` : ''}${approval(needsApproval)}`,
      blockedBy,
    };
  },
  'clear-cache': async (ctx, place) => {
    const { blockedBy, needsApproval } = await previewEmergency(ctx, { ...place, command: 'clear-cache' });
    return { words: `every instance forgets what it has cached${approval(needsApproval)}`, blockedBy };
  },
  maintenance: async (ctx, place) => {
    const about = { ...place, kind: 'maintenance', direction: 'on' };
    const { blockedBy, current, needsApproval } = await previewToggle(ctx, about);
    return {
      words: `visitors get 503 and Retry-After meanwhile${approval(needsApproval)}`,
      blockedBy: current ? 'It is on already' : blockedBy,
    };
  },
};

/**
 * What could bring a service back, and what of it can be done now. Starts nothing: a person confirms it on the page that each
 * leads to.
 */
export async function gatherRestore(
  outer: Ctx,
  about: { service: string | null; environment: string | null },
): Promise<RestoreFacts> {
  const ctx = outer.as(systemActor('The console'));
  const places = placesOf(ctx, about);
  const nowhere = whyNowhere(about, places);
  return {
    places: await Promise.all(
      places.map(async (place) => ({
        ...place,
        options: await Promise.all(RESTORE_WAYS.map((way) => look(ctx, place, way))),
      })),
    ),
    notMeasured: nowhere === null ? [] : [nowhere],
  };
}

async function look(ctx: Ctx, place: EnvironmentKey, way: RestoreWay): Promise<RestoreOption> {
  const path = `/${encodeURIComponent(place.service)}/${encodeURIComponent(place.environment)}/${PAGES[way]}`;
  const { value, problem } = await attempt(ctx, way, () => OUTLOOKS[way](ctx, place));
  const blockedBy = problem ?? value?.blockedBy ?? null;
  const words = (blockedBy ?? value?.words ?? '').replace(/\.$/, '');
  return { way, isPossible: blockedBy === null, words, path };
}

function approval(isNeeded: boolean): string {
  return isNeeded ? ', once a second person approves' : '';
}
