import * as z from 'zod/mini';
import { AppError } from '#server/platform/errors';

/**
 * Validates what came over an edge. @throws AppError `invalid_input` with the messages by field; `_` holds those that
 * concern no single field
 * @param texts `unchecked` leaves it to the caller to refuse texts that cannot be stored
 */
export function parseInput(
  schema: { _zod: { output: unknown } },
  input: unknown,
  texts: 'checked' | 'unchecked' = 'checked',
): unknown {
  const result = z.safeParse(schema as z.ZodMiniType, input);
  const fields: Record<string, string[]> = {};
  for (const path of texts === 'checked' ? unstorableTexts(input) : [])
    fields[path] = ['This has characters that cannot be kept.'];
  if (result.success && Object.keys(fields).length === 0) return result.data;
  for (const issue of result.error?.issues ?? []) {
    const key = issue.path.length > 0 ? issue.path.join('.') : '_';
    fields[key] = [...(fields[key] ?? []), issue.message];
  }
  const summary = Object.entries(fields)
    .map(([field, messages]) => (field === '_' ? messages.join(' ') : `${field}: ${messages.join(' ')}`))
    .join(' · ');
  throw new AppError('invalid_input', `This input cannot be used: ${summary}. Nothing was changed.`, {
    fields,
  });
}

/** Where an input has texts with what Postgres takes in none: a zero character, or half of a surrogate pair. */
function unstorableTexts(value: unknown, path = ''): string[] {
  if (typeof value === 'string') {
    return value.includes('\0') || /\p{Surrogate}/u.test(value) ? [path || '_'] : [];
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => unstorableTexts(item, path ? `${path}.${key}` : key));
}
