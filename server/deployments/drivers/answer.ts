import { z } from 'zod';
import type { LineResult } from '#server/deployments/drivers/shell';
import { StepFailure } from '#server/runs/procedure';

/** What a command is to answer. */
export interface AnswerShape<T> {
  schema: z.ZodType<T>;
  /** As it looks. */
  example: string;
}

export const NAMES: AnswerShape<string[]> = { schema: z.array(z.string()), example: '["first", "second"]' };

/**
 * What a command answers: JSON, alone or on its last line that is not empty. Problems are told by the names of the
 * schema, never by what was printed, which may hold secrets.
 * @param what the command in words, as the beginning of a sentence
 * @throws StepFailure naming the command, what was expected and what to do
 */
export function readAnswer<T>(result: LineResult, what: string, shape: AnswerShape<T>): T {
  const lastLine = result.stdout.trimEnd().split('\n').at(-1) ?? '';
  let problem = 'it printed nothing on stdout';
  for (const text of [result.stdout, lastLine]) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      problem = 'its last line on stdout is no JSON';
      continue;
    }
    const parsed = shape.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    problem = parsed.error.issues
      .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
      .join('; ');
  }
  throw new StepFailure(
    `${what} did not answer as expected: ${problem}. "${result.line}" must print JSON like ${shape.example} as its last line on stdout. Correct the command; its output is in the log.`,
  );
}
