import * as z from 'zod/mini';

/** The pair that every operational URL and record names. */
export const environmentKey = z.object({
  service: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Name a service in lower-case letters.')),
  environment: z
    .string()
    .check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'Name an environment in lower-case letters.')),
});

export type EnvironmentKey = z.infer<typeof environmentKey>;

export interface EnvironmentView {
  service: string;
  serviceTitle: string;
  environment: string;
  environmentTitle: string;
  /** Where visitors go. */
  url: string;
  /** For rehearsals only; pages that look for "the" environment pass it over. */
  isPractice: boolean;
}
