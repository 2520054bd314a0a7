interface Counts {
  passed: number;
  failed: number;
}

interface Outcome {
  name: string;
  seconds: number;
  ok: boolean;
  passed?: number;
  failed?: number;
}

export function countVitest(file: string): Counts;
export function countPlaywright(file: string): Counts;
export function summarise(outcomes: Outcome[]): Counts & { lines: string[] };
