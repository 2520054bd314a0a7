// The part of lighthouse that is used here (tsconfig.json points to it): its own types double the time of a check.
interface LighthouseResult {
  lighthouseVersion: string;
  environment: { benchmarkIndex: number };
  runtimeError?: { code: string; message: string };
  categories: Record<string, { score: number | null }>;
  audits: Record<string, { numericValue?: number }>;
}

/** Measures a page in the browser that listens on `flags.port`. */
export default function lighthouse(
  url: string,
  flags: {
    port: number;
    onlyCategories: string[];
    output: 'json';
    logLevel: 'silent';
    throttling: { cpuSlowdownMultiplier: number };
  },
): Promise<{ lhr: LighthouseResult } | undefined>;
