interface Counts {
  passed: number;
  failed: number;
  /** Each failed test and why, on one line. */
  failures: string[];
}

interface Outcome {
  name: string;
  seconds: number;
  ok: boolean;
  passed?: number;
  failed?: number;
  failures?: string[];
}

export function countVitest(file: string): Counts;
export function countPlaywright(file: string): Counts;
export function summarise(outcomes: Outcome[]): Omit<Counts, 'failures'> & { lines: string[] };
