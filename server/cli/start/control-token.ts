import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The token with which the console switches things on the example shop: made by the first start and kept in
 * DATA_DIR/control-token, readable by its owner only.
 */
export async function readControlToken(dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'control-token');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept.trim() !== '') return kept.trim();
  await mkdir(dataDir, { recursive: true });
  const made = `${file}.${process.pid}`;
  await writeFile(made, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  // Linked, not renamed: of two starts at once both read what the first one made.
  await link(made, file).catch(() => undefined);
  await rm(made, { force: true });
  return (await readFile(file, 'utf8')).trim();
}
