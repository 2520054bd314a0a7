import * as z from 'zod/mini';
import { AppError } from '#server/platform/errors';

/**
 * Validates what came over an edge. @throws AppError `invalid_input` with the messages by field; `_` holds those that
 * concern no single field
 */
export function parseInput(schema: { _zod: { output: unknown } }, input: unknown): unknown {
  const result = z.safeParse(schema as z.ZodMiniType, input);
  if (result.success) return result.data;
  const fields: Record<string, string[]> = {};
  for (const issue of result.error.issues) {
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
