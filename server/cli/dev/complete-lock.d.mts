interface Lock {
  packages: Record<
    string,
    { version?: string; optionalDependencies?: Record<string, string>; dev?: boolean }
  >;
}

export function missingEntries(lock: Lock): { folder: string; entry: object }[];
export function platformOf(name: string): { cpu?: string[]; os?: string[]; libc?: string[] };
