import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournal, Superseded } from '#server/deployments/drivers/command/journal';
import { fencingToken } from '#server/runs/state';

let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'journal-')), 'journal');
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

const claim = (number: number) => ({ fencingToken: fencingToken(number, 1) });
const switching = (instanceId: string) => ({
  live: { instanceId, tag: 'v1.0.0', commitSha: 'a'.repeat(40), runId: 'r' },
});

describe('the journal of a command driver', () => {
  it('is empty before anything was written, and writes nothing to say so', () => {
    const journal = createJournal(folder);
    expect(journal.read()).toEqual({ fencingToken: '', live: null, begun: [], instances: [] });
    expect(() => readdirSync(folder)).toThrow('ENOENT');
  });

  it('tells what the highest claim wrote last, in whatever order claims wake up and write', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), (order) => {
        rmSync(folder, { recursive: true, force: true });
        let highest = 0;
        let live = '';
        for (const [index, number] of order.entries()) {
          // A worker each: none knows what another has in its memory.
          const journal = createJournal(folder);
          const write = () => journal.change(claim(number), () => switching(`i${index}`));
          if (number < highest) expect(write).toThrow(Superseded);
          else {
            write();
            highest = number;
            live = `i${index}`;
          }
          expect(createJournal(folder).read()).toMatchObject({
            fencingToken: claim(highest).fencingToken,
            live: { instanceId: live },
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a claim that was frozen between its look and its write, and keeps the later one', () => {
    const frozen = createJournal(folder);
    const write = () =>
      frozen.change(claim(3), () => {
        // The later claim writes while this one sleeps.
        createJournal(folder).change(claim(4), () => switching('late'));
        return switching('early');
      });
    expect(write).toThrow(`A later run (token ${claim(4).fencingToken}) has taken over`);
    expect(createJournal(folder).read().live?.instanceId).toBe('late');
  });

  it('keeps the five newest files', () => {
    for (let number = 1; number <= 9; number += 1)
      createJournal(folder).change(claim(number), () => switching(`i${number}`));
    expect(readdirSync(folder).sort()).toEqual(
      [5, 6, 7, 8, 9].map((number) => `${claim(number).fencingToken}.json`),
    );
  });
});
