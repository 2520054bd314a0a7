import type { LiveEvent } from '#server/cli/ops/client/client';

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) as they come. Comments and events without data are left out; an event
 * that its end cuts off is dropped.
 */
export async function* readEventStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LiveEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let lastId = '';
  let event = { type: 'message', data: [] as string[] };
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line break.
    const end = rest.endsWith('\r') ? rest.length - 1 : rest.length;
    const lines = rest.slice(0, end).split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? '') + rest.slice(end);
    for (const line of lines) {
      if (line === '') {
        if (event.data.length > 0) yield { id: lastId, type: event.type, data: event.data.join('\n') };
        event = { type: 'message', data: [] };
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') event.data.push(value);
      else if (field === 'event') event.type = value;
      else if (field === 'id' && !value.includes('\0')) lastId = value;
    }
  }
}
