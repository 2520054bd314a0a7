import { startTransition, useEffect, useState } from 'react';
import type { Place } from '#app/lib/paths';
import { paths } from '#app/lib/paths';
import { failureWords, readJson } from '#app/lib/read-json';
import type { Board } from '#server/monitoring/board/contract';

const EVERY_MS = 15_000;

/** The last hour of an environment, read again now and then while somebody looks. What was read stays when a read fails. */
export function useBoard({ service, environment }: Place): { board: Board | null; failure: string | null } {
  const [board, setBoard] = useState<Board | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const read = () =>
      readJson<{ board: Board }>(paths.metricsJson({ service, environment }), abort.signal)
        .then((answer) =>
          // Drawing yields to what the person does.
          startTransition(() => {
            setBoard(answer.board);
            setFailure(null);
          }),
        )
        .catch((error: unknown) => {
          if (!abort.signal.aborted) setFailure(failureWords(error));
        });
    void read();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void read();
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [service, environment]);
  return { board, failure };
}
