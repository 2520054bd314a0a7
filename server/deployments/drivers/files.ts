import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';

/** Some letters that nobody else has. */
export function randomSuffix(): string {
  return randomBytes(5).toString('hex');
}

/** @returns what the file holds, null when there is none or when it is not what the schema says */
export function readJson<T>(file: string, schema: z.ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Replaces a file so that a crash of this process leaves the old or the new one. Readable by this user only.
 * @param options `durable`: on disk before this returns, so that it also outlives a crash of the machine
 */
export function writeJson(file: string, value: unknown, options: { durable?: boolean } = {}): void {
  const next = `${file}.${randomSuffix()}`;
  const descriptor = openSync(next, 'w', 0o600);
  writeFileSync(descriptor, JSON.stringify(value));
  if (options.durable) fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(next, file);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
