/** The options that every command has. */
export const GLOBAL_OPTIONS: readonly { flags: string; text: string }[] = [
  { flags: '--url <address>', text: 'the console (OPS_URL; http://127.0.0.1:$PORT, or 3000)' },
  { flags: '--token-file <file>', text: 'a file with the token (or OPS_TOKEN, or "ops login")' },
  { flags: '--json', text: 'one JSON document as the result' },
  { flags: '--quiet', text: 'no notices and no progress' },
  { flags: '--timeout <seconds>', text: 'how long an answer may take (30)' },
  { flags: '--direct', text: 'past the web process, straight to the database' },
  { flags: '--as <email>', text: 'who acts with --direct and no token (OPS_USER)' },
  { flags: '--no-color', text: 'no colours (NO_COLOR)' },
];

/** Words before a command that the next word belongs to. */
export const VALUE_OPTIONS: ReadonlySet<string> = new Set(
  GLOBAL_OPTIONS.filter(({ flags }) => flags.includes('<')).map(({ flags }) => flags.split(' ')[0] as string),
);
