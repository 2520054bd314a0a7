const MASK = '[redacted]';
/** Values shorter than this would mask ordinary words; configuration refuses such secrets elsewhere. */
const MIN_SECRET_LENGTH = 6;

/** Shapes that are secrets wherever they stand: URL passwords, bearer tokens, well-known key prefixes. */
const SHAPES: readonly [RegExp, string][] = [
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:)[^\s@/]+(@)/gi, `$1${MASK}$2`],
  [/\b(bearer\s+)[\w.~+/-]{12,}=*/gi, `$1${MASK}`],
  [/\b(sk|rk|pk|whsec)_(live|test)_[A-Za-z0-9]{8,}/g, MASK],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}/g, MASK],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}/g, MASK],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}/g, MASK],
  [/\b((?:password|passwd|secret|api[_-]?key|token)["']?\s*[=:]\s*["']?)[^\s"',;]{6,}/gi, `$1${MASK}`],
];

const KEY_BEGINS = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const KEY_ENDS = /-----END [A-Z ]*PRIVATE KEY-----/;
/** No private key is longer; a BEGIN without its END hides no more than this. */
const KEY_LINES = 120;

/**
 * Makes the function that every line of a run's log passes, in order, before it is stored: private keys from their BEGIN
 * to their END, then known values (each line of them, also URL-encoded and base64), then shapes. Longer values go
 * first, so that a value inside another leaves no rest.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const values = new Set<string>();
  for (const secret of secrets.flatMap((value) => [value, ...value.split(/\r?\n/)])) {
    if (secret.length < MIN_SECRET_LENGTH) continue;
    values.add(secret);
    values.add(encodeURIComponent(secret));
    values.add(Buffer.from(secret).toString('base64'));
  }
  const ordered = [...values].sort((a, b) => b.length - a.length);
  let keyLinesLeft = 0;
  return (text) => {
    if (keyLinesLeft === 0 && KEY_BEGINS.test(text)) keyLinesLeft = KEY_LINES;
    if (keyLinesLeft > 0) {
      keyLinesLeft = KEY_ENDS.test(text) ? 0 : keyLinesLeft - 1;
      return MASK;
    }
    let clean = text;
    for (const value of ordered) clean = clean.replaceAll(value, MASK);
    for (const [shape, replacement] of SHAPES) clean = clean.replace(shape, replacement);
    return clean;
  };
}

/** Terminal colours and cursor moves mean nothing in a stored text, and NUL cannot be stored. */
export function stripControl(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\u0000-\u0008\u000b-\u001f]/g, '');
}
