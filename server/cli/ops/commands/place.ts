import type { Ops } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';
import type { EnvironmentView } from '#server/services/contract';

/** What finding an environment calls. */
export type PlaceCalls = 'listEnvironments';

export interface Place {
  service: string;
  environment: string;
}

export function nameOf(place: Place): string {
  return `${place.service}/${place.environment}`;
}

/**
 * The environment that a call means: `service/environment`, an environment's name that only one service has, or, when
 * nothing is said, the only one that is not for practice. Pure.
 * @throws OpsFailure `usage` listing what there is
 */
export function choosePlace(given: string | undefined, all: readonly EnvironmentView[]): Place {
  const [first = '', second, ...more] = (given ?? '').split('/');
  const found =
    given === undefined
      ? all.filter((each) => !each.isPractice)
      : all.filter((each) =>
          second === undefined
            ? each.environment === first
            : more.length === 0 && each.service === first && each.environment === second,
        );
  const [only] = found;
  if (only && found.length === 1) return { service: only.service, environment: only.environment };
  const list = (views: readonly EnvironmentView[]): string => views.map((view) => nameOf(view)).join(', ');
  if (found.length > 1) {
    throw usageFailure(
      given === undefined ? 'Say which environment.' : `"${given}" is an environment of several services.`,
      `Name one of: ${list(found)}.`,
    );
  }
  throw usageFailure(
    given === undefined ? 'There is no environment but for practice.' : `There is no environment "${given}".`,
    all.length > 0 ? `There are: ${list(all)}.` : 'None is configured.',
  );
}

/** {@link choosePlace} among those of the console; one that was not named is told. */
export async function findPlace(ops: Ops<PlaceCalls>, given: string | undefined): Promise<Place> {
  const { rows } = await ops.call('listEnvironments', {});
  const place = choosePlace(given, rows);
  if (given === undefined) ops.screen.notice(`On ${nameOf(place)}.`);
  return place;
}

/** The service that a call means: the one named, or the only one there is. @throws OpsFailure `usage` */
export async function findService(ops: Ops<PlaceCalls>, given: string | undefined): Promise<Place> {
  const { rows } = await ops.call('listEnvironments', {});
  const names = [...new Set(rows.map((row) => row.service))];
  const service = given ?? (names.length === 1 ? names[0] : undefined);
  const place = rows.find((row) => row.service === service);
  if (service === undefined)
    throw usageFailure('Say which service, with --service.', `There are: ${names.join(', ')}.`);
  if (!place) throw usageFailure(`There is no service "${service}".`, `There are: ${names.join(', ')}.`);
  return { service, environment: place.environment };
}
