import { useCallback, useEffect, useState } from 'react';
import { paths } from '#app/lib/paths';
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
    fetchEntries(abort.signal)
      .then((read) => {
        last = { personId, entries: read };
        setEntries(read);
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setFailure(error instanceof Refusal ? error.message : AWAY);
      })
      .finally(() => {
        if (!abort.signal.aborted) setLoading(false);
      });
    return () => abort.abort();
  }, [personId, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { entries, failure, isLoading, retry };
}

const AWAY = 'The console did not answer, so this may not be how things stand now.';

class Refusal extends Error {}

/** @throws Refusal in words for a person; anything else when the console is away */
async function fetchEntries(signal: AbortSignal): Promise<PaletteEntry[]> {
  const response = await fetch(paths.paletteEntries(), { headers: { Accept: 'application/json' }, signal });
  if (response.redirected || response.status === 401) {
    throw new Refusal('Your session has ended. Open any page to sign in again.');
  }
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { entries } = (await response.json()) as { entries: PaletteEntry[] };
  return entries;
}
