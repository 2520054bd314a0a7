import { protectedLoader } from '#app/http/protected.server';
import { readBoard } from '#server/monitoring/board/queries';

/** The charts of the last hour, for curves beside other things. */
export const loader = protectedLoader({ access: 'metrics.read' }, async ({ ctx, params }) =>
  Response.json(
    { board: await readBoard(ctx, { service: params.service, environment: params.environment }) },
    { headers: { 'Cache-Control': 'no-store' } },
  ),
);
