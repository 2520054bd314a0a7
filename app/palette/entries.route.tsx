import { protectedLoader } from '#app/http/protected.server';
import { makeCatalogue } from '#app/palette/catalogue';
import { readFacts } from '#app/palette/facts.server';

/** Everything that the palette lists for this person, as things stand now. */
export const loader = protectedLoader({ access: 'overview.read' }, async ({ ctx, context, request }) =>
  Response.json(
    { entries: makeCatalogue(await readFacts(ctx, context, request)) },
    { headers: { 'Cache-Control': 'no-store' } },
  ),
);
