import { AppError } from '#server/platform/errors';

/** Containers within containers that a body may have; inputs need three. */
const MOST_DEPTH = 32;

/**
 * Reads a JSON text strictly: no malformed UTF-8 or JSON, no deep nesting, and no key twice in one object, of which
 * readers take the first or the last as they like.
 * @throws AppError `invalid_input`
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('is not UTF-8');
  }
  const { isDeep, repeatedKey } = inspect(text);
  if (isDeep) throw refused(`is nested deeper than ${MOST_DEPTH} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('is not JSON');
  }
  if (repeatedKey !== null) {
    throw new AppError(
      'invalid_input',
      `The body has the field "${repeatedKey.slice(0, 100)}" twice in one object. Nothing was changed.`,
      { fields: { [repeatedKey]: ['Given twice.'] } },
    );
  }
  return value;
}

function refused(what: string): AppError {
  return new AppError('invalid_input', `The body ${what}. Nothing was changed.`, {
    hint: 'Send one JSON object.',
  });
}

/** Looks at the brackets and keys of a text in one pass; of a text that is no JSON the answer means nothing. */
function inspect(text: string): { isDeep: boolean; repeatedKey: string | null } {
  const open: (Set<string> | null)[] = [];
  let repeatedKey: string | null = null;
  let isKeyNext = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const start = at;
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
      const keys = open.at(-1);
      if (isKeyNext && keys) {
        const key = unquoted(text.slice(start, at + 1));
        if (keys.has(key)) repeatedKey ??= key;
        keys.add(key);
      }
      isKeyNext = false;
    } else if (character === '{' || character === '[') {
      if (open.length === MOST_DEPTH) return { isDeep: true, repeatedKey };
      open.push(character === '{' ? new Set() : null);
      isKeyNext = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
      isKeyNext = false;
    } else if (character === ',') {
      isKeyNext = Boolean(open.at(-1));
    }
  }
  return { isDeep: false, repeatedKey };
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
