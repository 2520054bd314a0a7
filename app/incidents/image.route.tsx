import { protectedLoader } from '#app/http/protected.server';
import { numberOf } from '#app/incidents/form-values';
import { getIncidentImage } from '#server/incidents/queries/image';

/** An image of a timeline. It never changes, and whatever it is, nothing in it runs. */
export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, context, params }) => {
  const number = numberOf(params.number);
  const { fileName, contentType, bytes } = await getIncidentImage(ctx, { number, imageId: params.imageId });
  context.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
  context.setHeader('Content-Security-Policy', "default-src 'none'; sandbox; frame-ancestors 'none'");
  return new Response(new Uint8Array(bytes), {
    headers: {
      'Content-Type': contentType,
      'Content-Length': String(bytes.byteLength),
      'Content-Disposition': `inline; filename="image"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
    },
  });
});
