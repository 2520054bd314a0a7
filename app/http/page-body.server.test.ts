import { describe, expect, it } from 'vitest';
import { PageBody } from '#app/http/page-body.server';

function watched() {
  const body = new PageBody();
  const sent: string[] = [];
  body.on('data', (piece: Buffer) => sent.push(piece.toString()));
  return { body, sent };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('PageBody', () => {
  it('sends what was written until a flush as one piece', async () => {
    const { body, sent } = watched();
    body.write('<ul>');
    body.write('<li>');
    await turn();
    expect(sent).toEqual([]);
    body.flush();
    await turn();
    expect(sent).toEqual(['<ul><li>']);
  });

  it('keeps nothing back at the end', async () => {
    const { body, sent } = watched();
    body.write('shell');
    body.flush();
    body.write('rest');
    body.end(' and end');
    await turn();
    expect(sent).toEqual(['shell', 'rest and end']);
  });
});
