import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '#server/cli/ops/client/client';
import { readEventStream } from '#server/cli/ops/client/event-stream';

async function read(chunks: Uint8Array[]): Promise<LiveEvent[]> {
  async function* source() {
    yield* chunks;
  }
  const events: LiveEvent[] = [];
  for await (const event of readEventStream(source())) events.push(event);
  return events;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('server-sent events', () => {
  it('are read with their id and type, without comments and events that have no data', async () => {
    const text =
      'retry: 1000\n\n: ping\n\nid: a.1\nevent: log\ndata: [1]\n\nevent: run\ndata:{"x":\ndata: 2}\n\nid: b\n\ndata\n\n';
    expect(await read([bytes(text)])).toEqual([
      { id: 'a.1', type: 'log', data: '[1]' },
      { id: 'a.1', type: 'run', data: '{"x":\n2}' },
      { id: 'b', type: 'message', data: '' },
    ]);
  });

  it('are dropped when their end is missing', async () => {
    expect(await read([bytes('id: 1\ndata: whole\n\nid: 2\ndata: ha')])).toEqual([
      { id: '1', type: 'message', data: 'whole' },
    ]);
  });

  it('are the same however the bytes arrive, and whichever line break is used', async () => {
    const event = fc.record({
      id: fc.stringMatching(/^[a-z0-9.~-]{1,8}$/),
      type: fc.constantFrom('log', 'run', 'environment'),
      data: fc.json().map((text) => text.replaceAll(/[\r\n]/g, '')),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat({ max: 40 }), { maxLength: 40 }),
        async (events, newline, sizes) => {
          const text = events
            .map(({ id, type, data }) =>
              [`id: ${id}`, `event: ${type}`, `data: ${data}`, '', ''].join(newline),
            )
            .join('');
          // A last line, so that a carriage return at the very end is known to be a whole line break.
          const all = bytes(`${text}:${newline}`);
          const chunks: Uint8Array[] = [];
          let from = 0;
          for (const size of sizes) {
            chunks.push(all.slice(from, from + size));
            from += size;
          }
          chunks.push(all.slice(from));
          expect(await read(chunks)).toEqual(events);
        },
      ),
    );
  });
});
