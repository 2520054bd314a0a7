/** First match counts: browsers name those they descend from as well. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\b(?:Edg|EdgA|EdgiOS)\/(\d+)/, 'Edge'],
  [/\b(?:OPR|Opera)\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\bHeadlessChrome\/(\d+)/, 'Headless Chrome'],
  [/\b(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//, 'Safari'],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

export interface Device {
  /** `Firefox 128 on Linux`; where the browser is not known, the raw text, shortened. */
  name: string;
  kind: 'phone' | 'computer' | 'unknown';
}

/** Who a User-Agent header says it is. It is what the browser claims, no more. */
export function describeDevice(userAgent: string | null): Device {
  const text = userAgent?.trim() ?? '';
  if (text === '') return { name: 'Says nothing of itself', kind: 'unknown' };
  const browser = firstOf(BROWSERS, text);
  const system = firstOf(SYSTEMS, text);
  if (!browser) return { name: text.length > 60 ? `${text.slice(0, 59)}…` : text, kind: 'unknown' };
  const version = browser.match[1] ? ` ${browser.match[1]}` : '';
  return {
    name: `${browser.name}${version}${system ? ` on ${system.name}` : ''}`,
    kind: /\b(?:iPhone|iPad|Android|Mobile)\b/.test(text) ? 'phone' : 'computer',
  };
}

function firstOf(known: readonly [RegExp, string][], text: string) {
  for (const [pattern, name] of known) {
    const match = pattern.exec(text);
    if (match) return { name, match };
  }
  return null;
}
