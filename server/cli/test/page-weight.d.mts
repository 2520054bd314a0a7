interface Part {
  module: string;
  imports?: string[];
  parentId?: string;
}
export interface Weight {
  route: string;
  bytes: number;
  files: number;
}
export const PAGE_LIMIT_BYTES: number;
export function weighPages(
  manifest: { url: string; entry: Part; routes: Record<string, Part> },
  sizeOf: (file: string) => number,
): Weight[];
export function weighBuild(root: string): Weight[];
export function checkPageWeight(root: string, withCharts?: string[]): boolean;
