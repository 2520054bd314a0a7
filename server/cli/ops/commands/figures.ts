import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { clean, duration } from '#server/cli/ops/output/format';
import { type Column, renderTable } from '#server/cli/ops/output/table';
import type { TimeFigure } from '#server/figures/contract';
import { FIGURE_PERIOD_LABELS, type FigurePeriod, MILESTONE_LABELS } from '#server/figures/words/contract';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';

interface Line {
  what: string;
  now: string;
  before: string;
  more: string;
}

export async function showFigures(ops: Ops<'getFigures'>, input: CommandInput): Promise<undefined> {
  const { screen } = ops;
  const figures = await ops.call('getFigures', {
    period: textOf(input, 'period') as FigurePeriod | undefined,
    service: textOf(input, 'service'),
    environment: textOf(input, 'environment'),
  });
  const { incidents, frequency, changeFailure, actionItems } = figures;
  const percent = (value: number | null) => (value === null ? 'none judged' : `${value.toFixed(1)} %`);
  const perWeek = (value: number | null) => (value === null ? 'no deploys' : `${value.toFixed(1)} a week`);
  const lines: Line[] = [
    time(MILESTONE_LABELS.detect, figures.detect),
    time(MILESTONE_LABELS.acknowledge, figures.acknowledge),
    time(MILESTONE_LABELS.resolve, figures.resolve),
    {
      what: 'Deployment frequency',
      now: perWeek(frequency.perWeek),
      before: perWeek(frequency.before.perWeek),
      more: `${frequency.count} validated deploys`,
    },
    time('Lead time for changes', figures.leadTime),
    {
      what: 'Change failure rate',
      now: percent(changeFailure.percent),
      before: percent(changeFailure.before.percent),
      more: `${changeFailure.failed} of ${changeFailure.judged} failed, ${changeFailure.pending} pending`,
    },
    time('Time to restore', figures.restore),
    {
      what: 'Incidents',
      now: String(incidents.count),
      before: String(incidents.before),
      more: incidents.byLevel
        .map(({ value, count }) => `${count} ${INCIDENT_LEVEL_LABELS[value].toLowerCase()}`)
        .join(', '),
    },
    {
      what: 'Action items overdue',
      now: String(actionItems.overdue),
      before: '',
      more: `of ${actionItems.open} open${actionItems.owners.length > 0 ? `: ${actionItems.owners.map(({ name, overdue }) => `${clean(name)} ${overdue}`).join(', ')}` : ''}`,
    },
  ];
  const columns: Column<Line>[] = [
    { title: 'Figure', cell: ({ what }) => what },
    { title: 'Now', cell: ({ now }) => now, right: true },
    { title: 'Before', cell: ({ before }) => before, right: true },
    { title: 'Of', cell: ({ more }) => more, flexible: true },
  ];
  const where = [figures.service, figures.environment].filter((each) => each !== null).join('/');
  screen.show(figures, () => [
    `The last ${FIGURE_PERIOD_LABELS[figures.period]}${where ? ` of ${clean(where)}` : ''}, beside the ${FIGURE_PERIOD_LABELS[figures.period]} before. Times are medians.`,
    '',
    ...renderTable(lines, columns, { width: screen.width, paint: screen.paint }),
  ]);
  return undefined;
}

function time(
  what: string,
  { medianMs, before, recorded, pending, notApplicable, invalid }: TimeFigure,
): Line {
  const rest = [
    pending > 0 ? `${pending} pending` : '',
    notApplicable > 0 ? `${notApplicable} not applicable` : '',
    invalid > 0 ? `${invalid} invalid` : '',
  ];
  return {
    what,
    now: medianMs === null ? 'none' : duration(medianMs),
    before: before.medianMs === null ? 'none' : duration(before.medianMs),
    more: [`${recorded} recorded`, ...rest].filter(Boolean).join(', '),
  };
}
