/** A kind of fact with the shape of its payload; declared in a domain's `contract.ts`. */
export interface EventType<T> {
  readonly name: string;
  readonly payload: { _zod: { output: T } };
}

export function defineEvent<T>(name: string, payload: { _zod: { output: T } }): EventType<T> {
  return { name, payload };
}
