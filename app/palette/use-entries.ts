import { useCallback, useEffect, useState } from 'react';
import { paths } from '#app/lib/paths';
import { failureWords, readJson } from '#app/lib/read-json';
import type { PaletteEntry } from '#app/palette/entry';

interface Loaded {
  personId: string;
  entries: PaletteEntry[];
}

/** What was read last, shown at once when the palette opens again. */
let last: Loaded | null = null;

/** The entries as they stand now; those of the last time until they have come. */
export function useEntries(personId: string): {
  entries: PaletteEntry[] | null;
  failure: string | null;
  isLoading: boolean;
  retry: () => void;
} {
  const [entries, setEntries] = useState(last?.personId === personId ? last.entries : null);
  const [failure, setFailure] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [isLoading, setLoading] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads again
  useEffect(() => {
    const abort = new AbortController();
    setLoading(true);
    setFailure(null);
    readJson<{ entries: PaletteEntry[] }>(paths.paletteEntries(), abort.signal)
      .then((read) => {
        last = { personId, entries: read.entries };
        setEntries(read.entries);
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setFailure(failureWords(error));
      })
      .finally(() => {
        if (!abort.signal.aborted) setLoading(false);
      });
    return () => abort.abort();
  }, [personId, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { entries, failure, isLoading, retry };
}
