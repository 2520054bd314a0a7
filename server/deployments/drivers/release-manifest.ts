import { z } from 'zod';

/** `release.json` at the root of a release: what the console must know to run it and to roll back over it. */
export const releaseManifestSchema = z
  .object({
    /** Version of the database schema that the release works with. */
    schemaVersion: z.number().int().min(0),
    /** The oldest schema version whose code still works with this release's schema. */
    oldestCompatibleSchemaVersion: z.number().int().min(0),
    /** Program and arguments that serve; PORT and HOST come in the environment. */
    start: z.tuple([z.string().min(1)], z.string()),
  })
  .refine((value) => value.oldestCompatibleSchemaVersion <= value.schemaVersion, {
    path: ['oldestCompatibleSchemaVersion'],
    message: 'cannot be above schemaVersion',
  });

export type ReleaseManifest = z.output<typeof releaseManifestSchema>;

/** @returns the manifest, or why it cannot be used, in one line */
export function parseManifest(text: string): { manifest: ReleaseManifest } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'release.json is not JSON' };
  }
  const parsed = releaseManifestSchema.safeParse(value);
  if (parsed.success) return { manifest: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  return { problem: `release.json: ${issues.join('; ')}` };
}
