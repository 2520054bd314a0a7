import type * as z from 'zod/mini';

/** An object schema of zod or zod/mini: what an operation takes. */
export type ObjectSchema = z.ZodMiniObject<Record<string, z.ZodMiniType>>;
type AnySchema = { _zod: { output: unknown; input: unknown } };

/**
 * One call of the HTTP API, told once: the router, the OpenAPI document, the reference page, the command line and the
 * authorization matrix all read this. What it does is its handler; see `handlers.ts`.
 */
export interface Operation<I extends ObjectSchema = ObjectSchema, O extends AnySchema = AnySchema> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** Below `/api/v1`, with `{name}` for the fields of `input` that are part of the address. */
  path: `/${string}`;
  group:
    | 'Environments'
    | 'Runs'
    | 'Approvals'
    | 'Freezes'
    | 'Drills'
    | 'Audit'
    | 'People'
    | 'Tokens'
    | 'Console';
  /** What it does, one line; more in `description`. */
  summary: string;
  description?: string;
  /**
   * Path, query and body fields in one object, the input of its command or query. Fields that are not in `path` are the
   * query of a GET and the JSON body of anything else.
   */
  input: I;
  /** 200 with a result, 201 for something made, 202 for a run that was queued. */
  status: 200 | 201 | 202;
  output: O;
}

/** Types an operation. */
export function defineOperation<I extends ObjectSchema, O extends AnySchema>(
  operation: Operation<I, O>,
): Operation<I, O> {
  return operation;
}
