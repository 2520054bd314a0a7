export interface ReleaseNotes {
  tag: string;
  /** Tag of the release that this one changes; null for the first. */
  parent: string | null;
  title: string;
  body: string;
  author: string;
  /** ISO 8601, UTC. */
  date: string;
}

export interface MadeRelease {
  tag: string;
  commit: string;
  tagObject: string;
}

/** Makes the bare repository of the shop's releases, or brings an existing one up to date in place. */
export function makeRepository(options: {
  repositoryPath: string;
}): Promise<{ changed: boolean; releases: MadeRelease[] }>;

/** The releases, by date, so that parents come first. */
export function readReleases(): ReleaseNotes[];
