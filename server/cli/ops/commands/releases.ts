import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { findPlace, findService, nameOf, type PlaceCalls } from '#server/cli/ops/commands/place';
import { usageFailure } from '#server/cli/ops/failure';
import { age } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';
import { type ReleaseView, VERDICTS, type Verdict } from '#server/deployments/contract';

export async function listReleases(
  ops: Ops<PlaceCalls | 'listReleases'>,
  input: CommandInput,
): Promise<undefined> {
  const place = await findPlace(ops, input.args[0]);
  const found = await ops.call('listReleases', place);
  const { now } = ops.screen;
  const columns: Column<ReleaseView>[] = [
    { title: 'Release', cell: (release) => release.tag },
    { title: 'Commit', cell: (release) => release.commitSha.slice(0, 7) },
    { title: 'State', cell: stateOf },
    { title: 'Tagged', cell: (release) => age(release.committedAt, now), right: true },
    {
      title: 'Deployed',
      cell: (release) => (release.lastDeployedAt ? age(release.lastDeployedAt, now) : 'never'),
      right: true,
    },
    { title: 'Title', cell: (release) => release.title, flexible: true },
  ];
  ops.screen.table(found, found.rows, columns, `${nameOf(place)} has no releases yet.`);
  return undefined;
}

function stateOf(release: ReleaseView): { state: State; text: string } | string {
  const words = [
    release.isLive ? 'live' : null,
    release.isKnownGood ? 'known good' : null,
    release.verdict === 'none' ? null : release.verdict,
    release.isMissing ? 'gone' : null,
  ].filter((word) => word !== null);
  if (words.length === 0) return '';
  const state: State =
    release.verdict === 'faulty'
      ? 'critical'
      : release.isMissing
        ? 'warning'
        : release.isLive
          ? 'active'
          : 'ok';
  return { state, text: words.join(', ') };
}

export async function markRelease(
  ops: Ops<PlaceCalls | 'markRelease'>,
  input: CommandInput,
): Promise<undefined> {
  const [tag = '', verdict = ''] = input.args;
  if (!VERDICTS.includes(verdict as Verdict)) {
    throw usageFailure(`"${verdict}" is no verdict.`, `There are: ${VERDICTS.join(', ')}.`);
  }
  const { service } = await findService(ops, textOf(input, 'service'));
  const marked = await ops.call('markRelease', {
    service,
    tag,
    verdict: verdict as Verdict,
    reason: textOf(input, 'reason') ?? '',
  });
  ops.screen.show(marked, () => [
    verdict === 'none'
      ? `${tag} of ${service} has no mark any more.`
      : `${tag} of ${service} is marked ${verdict}.`,
  ]);
  return undefined;
}
