import type { Readable } from 'node:stream';

/** A line is handed on in one piece up to this many characters; the rest of it is counted, not kept. */
export const MAX_LINE = 8_000;

/**
 * Hands over each line of a stream of UTF-8 text, without its line end, and each piece as it comes. However long a line is,
 * no more than {@link MAX_LINE} characters of it are held.
 * @returns when the stream has ended; the last line needs no line end
 */
export async function splitLines(
  stream: Readable,
  receive: (line: string) => void,
  onActivity: (chunk: string) => void = () => undefined,
): Promise<void> {
  let held = '';
  let cut = 0;
  const hold = (text: string): void => {
    const room = MAX_LINE - held.length;
    held += text.slice(0, room);
    cut += Math.max(0, text.length - room);
  };
  const end = (): void => {
    const line = held.endsWith('\r') ? held.slice(0, -1) : held;
    receive(cut > 0 ? `${line} … (${cut} more characters)` : line);
    held = '';
    cut = 0;
  };
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    onActivity(chunk);
    let from = 0;
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
      hold(chunk.slice(from, at));
      end();
      from = at + 1;
    }
    hold(chunk.slice(from));
  }
  if (held.length > 0 || cut > 0) end();
}
