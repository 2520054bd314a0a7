declare module 'semver' {
  /** Whether `version` lies inside `range`. */
  export function satisfies(
    version: string,
    range: string,
    options?: { includePrerelease?: boolean },
  ): boolean;
  /** The normalised version, or null when it is not one. */
  export function valid(version: string): string | null;
  /** The normalised range, or null when it is not one. */
  export function validRange(range: string): string | null;
  /** The lowest version a range admits, or null when it admits none. */
  export function minVersion(range: string): { version: string } | null;
}
