import { protectedLoader } from '#app/http/protected.server';
import { exportPostmortem } from '#server/postmortems/queries';

/** The post-mortem as a Markdown file. */
export const loader = protectedLoader({ access: 'postmortems.read' }, async ({ ctx, params }) => {
  const { fileName, markdown } = await exportPostmortem(ctx, { number: params.number });
  return new Response(markdown, {
    headers: {
      'Content-Type': 'text/markdown; charset=utf-8',
      'Content-Disposition': `attachment; filename="${fileName}"`,
    },
  });
});
