import { csvLine } from '#server/platform/csv';

type Cells = Parameters<typeof csvLine>[0];

/** U+FEFF: without it some spreadsheets read UTF-8 as something else. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * A download that is written while it is read: `batches` yields rows in portions and is asked for the next one only
 * when the browser has taken the last. The first portion is read before the answer starts, so that a refusal still has
 * its status.
 */
export async function csvResponse(
  fileName: string,
  header: readonly string[],
  batches: AsyncIterator<readonly Cells[]>,
): Promise<Response> {
  let next = await batches.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(BYTE_ORDER_MARK + csvLine(header))),
    pull: async (controller) => {
      if (next.done) {
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(next.value.map(csvLine).join('')));
      next = await batches.next();
    },
    cancel: async () => {
      await batches.return?.();
    },
  });
  return new Response(body, {
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': `attachment; filename="${fileName}"`,
    },
  });
}
