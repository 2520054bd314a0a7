import type * as z from 'zod/mini';

/** An object schema of zod or zod/mini: what an operation takes. */
export type ObjectSchema = z.ZodMiniObject<Record<string, z.ZodMiniType>>;
type AnySchema = { _zod: { output: unknown; input: unknown } };

/** The groups of operations, in the order of the reference. */
export const GROUPS = {
  Environments: 'What is live, what may go live, and how it gets there.',
  Runs: 'What was started: its plan, its steps, its log.',
  Approvals: 'Runs that wait for a second person.',
  Freezes: 'Times without deploys.',
  Drills: 'Rehearsed rollbacks and their times.',
  Schedules: 'What starts by itself, and when.',
  'Maintenance and emergencies': 'What is switched on, and what to do when minutes count.',
  Security: 'Lockdowns, and what looked like an attack.',
  Notifications: 'What people were told, and where it went.',
  'Alerts and rules': 'What fires, why, and what is done about it.',
  Incidents: 'What goes wrong, who deals with it, and how it went.',
  'Saved views': 'Filters of lists under names.',
  'Post-mortems': 'What an incident teaches, and what is done about it.',
  Figures: 'How often, how fast, how well.',
  'Status page': 'What the public is told.',
  Checks: 'What is looked at again and again, and how it was.',
  Metrics: 'Numbers over time: sent, scraped and read.',
  Audit: 'Who did what.',
  People: 'Who may come in, and with what role.',
  Tokens: 'What programs come in with.',
  Console: 'The console itself.',
} as const;
export type Group = keyof typeof GROUPS;

/**
 * One call of the HTTP API, told once: the router, the OpenAPI document, the reference page, the command line and the
 * authorization matrix all read this. What it does is its handler; see `handlers.ts`.
 */
export interface Operation<I extends ObjectSchema = ObjectSchema, O extends AnySchema = AnySchema> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** Below `/api/v1`, with `{name}` for the fields of `input` that are part of the address. */
  path: `/${string}`;
  group: Group;
  /** What it does, one line; more in `description`. */
  summary: string;
  description?: string;
  /**
   * Path, query and body fields in one object, the input of its command or query. Fields that are not in `path` are the
   * query of a GET and the JSON body of anything else.
   */
  input: I;
  /** 200 with a result, 201 for something made, 202 for a run that was queued, 204 for nothing to tell. */
  status: 200 | 201 | 202 | 204;
  /** `z.void()` with 204. */
  output: O;
  /** Where what was made or queued can be read, with `{name}` for fields of the result or the input: for 201 and 202. */
  location?: `/${string}`;
}

/** Types an operation. */
export function defineOperation<I extends ObjectSchema, O extends AnySchema>(
  operation: Operation<I, O>,
): Operation<I, O> {
  return operation;
}
