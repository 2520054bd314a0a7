import type { SecurityKind } from '#server/monitoring/security-events/contract';

interface Pattern {
  kind: SecurityKind;
  /** What it looks for, for the evidence. */
  name: string;
  expression: RegExp;
}

/** How often a path is decoded at most: attackers encode twice to slip past what decodes once. */
const DECODE_ROUNDS = 3;
const LONGEST_LOOKED_AT = 4_000;
const EVIDENCE_LENGTH = 160;

/**
 * What gives an attack away in the address of a request, after decoding, in lower case and with runs of white space as
 * one. Each needs syntax that words alone never have: `select your size`, `O'Brien` and `union station` match nothing.
 */
const PATTERNS: readonly Pattern[] = [
  { kind: 'sql_injection', name: 'union select', expression: /\bunion\b(?: all| distinct)?[ (]+select\b/ },
  {
    kind: 'sql_injection',
    name: 'always true',
    expression: /['")]\s?(?:or|and|\|\||&&)\s?\(?['"]?(\w+)['"]?\s?(?:=|like)\s?['"]?\1(?!\w)/,
  },
  {
    kind: 'sql_injection',
    name: 'always true, numeric',
    expression: /[=&?][-\d]+\)?\s(?:or|and)\s\(?(\d+)\s?=\s?\1(?!\d)/,
  },
  {
    kind: 'sql_injection',
    name: 'second statement',
    expression:
      /;\s?(?:drop|alter|truncate|create) (?:table|database|schema|user|role)\b|;\s?(?:delete from|insert into|update \w+ set|exec(?:ute)?[ (]+\w)/,
  },
  {
    kind: 'sql_injection',
    name: 'quote and comment',
    expression: /['"]\)*\s?(?:;\s?)?(?:--(?=[\s&]|$)|#$|\/\*)/,
  },
  {
    kind: 'sql_injection',
    name: 'waiting function',
    expression: /\b(?:pg_sleep|sleep|benchmark|dbms_pipe\.receive_message)\s?\(\s?\d|\bwaitfor delay '/,
  },
  {
    kind: 'sql_injection',
    name: 'catalogue',
    expression:
      /\bfrom (?:information_schema\.|pg_catalog\.|pg_user\b|sqlite_master\b|sysobjects\b|mysql\.user\b)/,
  },
  {
    kind: 'sql_injection',
    name: 'error function',
    expression: /\b(?:extractvalue|updatexml)\s?\(.*?(?:concat|select)\b/,
  },
  { kind: 'path_traversal', name: 'parent folders', expression: /(?:^|[/\\=])\.\.[/\\](?:.*?\.\.[/\\])/ },
  {
    kind: 'path_traversal',
    name: 'system file',
    expression: /\/etc\/(?:passwd|shadow)\b|\bwin\.ini\b|\/proc\/self\/environ\b/,
  },
  {
    kind: 'cross_site_scripting',
    name: 'script',
    expression: /<\s?script\b|<\s?(?:img|svg|iframe|body)\b[^>]*\bon\w+\s?=|\bjavascript:\s?\w+\(/,
  },
  {
    kind: 'command_injection',
    name: 'shell',
    expression: /(?:[;|`]|\$\()\s?(?:cat|wget|curl|nc|bash|sh|id|whoami|uname)\b(?:[ `)]|$)/,
  },
];

export interface Finding {
  kind: SecurityKind;
  evidence: string;
}

/**
 * Looks at the address of a request, path and query.
 * @returns the first thing that gives it away; null for what looks like a visitor
 */
export function inspectPath(path: string): Finding | null {
  const cut = path.slice(0, LONGEST_LOOKED_AT);
  for (const text of readings(cut)) {
    const found = PATTERNS.find(({ expression }) => expression.test(text));
    if (found)
      return {
        kind: found.kind,
        evidence: `${found.name}: ${redactEvidence(text)}`.slice(0, EVIDENCE_LENGTH),
      };
  }
  return null;
}

/** The address as it is and as often decoded as it is encoded, with SQL comments between words taken for spaces. */
function readings(path: string): string[] {
  const texts: string[] = [];
  let text = path;
  for (let round = 0; round <= DECODE_ROUNDS; round += 1) {
    const plain = text.toLowerCase().replace(/\s+/g, ' ');
    texts.push(plain, plain.replace(/\/\*.*?\*\//g, ' ').replace(/ +/g, ' '));
    const decoded = decode(text);
    if (decoded === text) break;
    text = decoded;
  }
  return [...new Set(texts)];
}

/** One round of decoding; what is not well encoded stays as it is. */
function decode(text: string): string {
  return text.replace(/\+/g, ' ').replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return Buffer.from(run.replace(/%/g, ''), 'hex').toString('latin1');
    }
  });
}

/** Takes out the values of fields that hold secrets, and what looks like a mail address. */
export function redactEvidence(text: string): string {
  return text
    .replace(/((?:password|passwd|token|secret|api_?key|session)[^=&]{0,20}=)[^&\s]*/gi, '$1[redacted]')
    .replace(/[\w.+-]+@[\w-]+\.[\w.]+/g, '[address]');
}
