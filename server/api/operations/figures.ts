import { defineOperation } from '#server/api/operation';
import { figureIncidentFilter, figureIncidentPage, figures, figuresInput } from '#server/figures/contract';

const group = 'Figures';

/** How often, how fast, how well: from what really happened. */
export const FIGURE_OPERATIONS = {
  getFigures: defineOperation({
    method: 'get',
    path: '/figures',
    group,
    summary: 'What incidents, deploys and action items come to in a period',
    description:
      'Each beside the period of the same length before. Means and medians are of what is recorded, and null where nothing is; environments for practice are left out.',
    input: figuresInput,
    status: 200,
    output: figures,
  }),
  listFigureIncidents: defineOperation({
    method: 'get',
    path: '/figures/incidents',
    group,
    summary: 'The incidents behind the figures, each with its times',
    description:
      'Those that began last first. With `milestone` and `kind`: those of which this time is recorded, pending, not applicable or invalid.',
    input: figureIncidentFilter,
    status: 200,
    output: figureIncidentPage,
  }),
} as const;
