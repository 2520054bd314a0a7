export function checkSources(root: string): string[];
export function checkSource(file: string, text: string): string[];
