/** Tells for how long this process stood still. */
export interface StallWatch {
  /** Since it began, ms; pauses that are short are not counted. */
  stalledMs(): number;
  stop(): void;
}

const BEAT_MS = 20;
/** A beat that is late by less is none of ours. */
const PATIENCE_MS = 50;

/** Begins to watch: a beat that comes late was held up by this process or its machine. */
export function watchStalls(): StallWatch {
  let expectedMs = performance.now() + BEAT_MS;
  let total = 0;
  const lateMs = (): number => {
    const late = performance.now() - expectedMs;
    return late > PATIENCE_MS ? late : 0;
  };
  const timer = setInterval(() => {
    total += lateMs();
    expectedMs = performance.now() + BEAT_MS;
  }, BEAT_MS);
  timer.unref();
  return {
    stalledMs: () => total + lateMs(),
    stop: () => clearInterval(timer),
  };
}
