/** Something that a worker does again and again until it is told to stop. */
export interface PollLoop {
  /** Lets the round under way end and begins no more. */
  stop(): Promise<void>;
}

/**
 * Does `round` at once and then every `everyMs`. A round that takes longer is never doubled: the next one begins at the
 * next beat after it. What a round throws goes to `onError`, and the loop goes on.
 */
export function startPollLoop(
  everyMs: number,
  round: () => Promise<void>,
  onError: (error: unknown) => void,
): PollLoop {
  let running: Promise<void> | null = null;
  const beat = (): void => {
    running ??= round()
      .catch(onError)
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(beat, everyMs);
  beat();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
