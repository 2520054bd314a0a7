import { command } from '#server/cli/ops/command';
import { FIGURE_PERIODS } from '#server/figures/words/contract';

/** How often, how fast, how well. */
export const FIGURES = [
  command({
    path: 'figures',
    group: 'Incidents',
    summary: 'How often, how fast, how well: incidents, deploys and action items of a period',
    details: [
      'Each beside the period of the same length before. Times are medians of what is recorded; how many are still pending, do not apply or cannot be right is said beside them. Environments for practice are left out.',
    ],
    options: [
      { flags: '--period <period>', text: 'how far back; 30d unless told', choices: FIGURE_PERIODS },
      { flags: '--service <service>', text: 'only of this one' },
      { flags: '--environment <environment>', text: 'only of this one' },
    ],
    calls: ['getFigures'],
    run: async (ops, input) => (await import('#server/cli/ops/commands/figures')).showFigures(ops, input),
  }),
];
