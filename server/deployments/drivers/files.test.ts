import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { readJson, writeJson } from '#server/deployments/drivers/files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads no file that is missing, cut or of another shape', () => {
  const file = path.join(folder, 'x.json');
  const schema = z.object({ port: z.number() });
  expect(readJson(file, schema)).toBeNull();
  writeFileSync(file, '{"port": 1');
  expect(readJson(file, schema)).toBeNull();
  writeJson(file, { port: 'none' });
  expect(readJson(file, schema)).toBeNull();
  writeJson(file, { port: 5 }, { durable: true });
  expect(readJson(file, schema)).toEqual({ port: 5 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
