import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { incidentNumberOf } from '#server/cli/ops/commands/incident-number';
import { usageFailure } from '#server/cli/ops/failure';
import { clean, minute } from '#server/cli/ops/output/format';
import type { StatusComposer } from '#server/status/contract';
import {
  IMPACT_LABELS,
  IMPACTS,
  type Impact,
  PUBLIC_STATE_LABELS,
  type PublicState,
} from '#server/status/words/contract';

type GivenImpacts = { component: string; impact: Impact }[];

/** The values of `--impact`. @throws OpsFailure `usage` */
function impactsOf(input: CommandInput): GivenImpacts | undefined {
  const given = input.options.impact;
  if (!Array.isArray(given)) return undefined;
  return given.map((each) => {
    const [component = '', impact = ''] = each.split('=');
    if (component !== '' && isImpact(impact)) return { component, impact };
    throw usageFailure(
      `--impact: "${each}" says nothing.`,
      `Write component=impact, with ${IMPACTS.join(', ')}.`,
    );
  });
}

function isImpact(text: string): text is Impact {
  return (IMPACTS as readonly string[]).includes(text);
}

export async function updateStatusPage(
  ops: Ops<'getStatusComposer' | 'postStatusUpdate'>,
  input: CommandInput,
): Promise<undefined> {
  const incident = incidentNumberOf(input);
  const text = input.args.slice(1).join(' ');
  const given = impactsOf(input);
  const state = textOf(input, 'state') as PublicState | undefined;
  const composer: StatusComposer = await ops.call('getStatusComposer', {});
  const known = [...composer.open, ...composer.recent].find((each) => each.incident === incident);
  let title = textOf(input, 'title');
  if (!known && title === undefined) {
    if (!ops.canAsk)
      throw usageFailure(
        `The public knows nothing of INC-${incident} yet.`,
        'Say with --title what visitors notice; its title inside stays inside.',
      );
    title = await ops.ask('What do visitors notice, in a few words? ');
  }
  const posted = await ops.call('postStatusUpdate', {
    ...(known ? { number: known.number, version: known.version } : { title, incident }),
    state: state ?? known?.state ?? 'investigating',
    text,
    impacts: given ?? known?.impacts ?? [],
    nextUpdateMinutes: textOf(input, 'next'),
  });
  const names = new Map(composer.components.map(({ key, name }) => [key, name]));
  ops.screen.show(posted, () => [
    `The public sees: ${PUBLIC_STATE_LABELS[posted.state]}. ${clean(posted.title)}`,
    ...posted.impacts.map(
      ({ component, impact }) =>
        `  ${clean(names.get(component) ?? component)}: ${IMPACT_LABELS[impact].toLowerCase()}`,
    ),
    posted.nextUpdateAt
      ? `The next update is promised by ${minute(posted.nextUpdateAt)}.`
      : 'No next update is promised.',
  ]);
  return undefined;
}
