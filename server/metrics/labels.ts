export type Labels = Readonly<Record<string, string>>;

/** One text for each set of labels, whatever their order. */
export function labelsKey(labels: Labels): string {
  let key = '';
  for (const name of sortedNames(labels)) key += `${name}\u0001${labels[name]}\u0002`;
  return key;
}

/**
 * Finds by labels what was kept under them, whatever their order. It goes from label to label: a text made of them all, as
 * {@link labelsKey} makes it, would take longer than the rest of what is done with a sample.
 */
export class LabelTree<T> {
  #value: T | undefined;
  readonly #below = new Map<string, Map<string, LabelTree<T>>>();

  get(labels: Labels): T | undefined {
    let node: LabelTree<T> | undefined = this;
    for (const name of sortedNames(labels)) {
      node = node.#below.get(name)?.get(labels[name] as string);
      if (!node) return undefined;
    }
    return node.#value;
  }

  set(labels: Labels, value: T): void {
    let node: LabelTree<T> = this;
    for (const name of sortedNames(labels)) {
      const values: Map<string, LabelTree<T>> = node.#below.get(name) ?? new Map();
      node.#below.set(name, values);
      const next: LabelTree<T> = values.get(labels[name] as string) ?? new LabelTree();
      values.set(labels[name] as string, next);
      node = next;
    }
    node.#value = value;
  }
}

function sortedNames(labels: Labels): string[] {
  const names = Object.keys(labels);
  return names.length > 1 ? names.sort() : names;
}

/** Tells whether a series' labels match; see `labelMatch` in the contract. */
export function labelMatcher(wanted: Labels = {}): (labels: Labels) => boolean {
  const tests = Object.entries(wanted).map(([name, text]) => {
    if (!text.startsWith('~')) return (labels: Labels) => (labels[name] ?? '') === text;
    const patterns = text.slice(1).split('|').map(globMatcher);
    return (labels: Labels) => patterns.some((matches) => matches(labels[name] ?? ''));
  });
  return (labels) => tests.every((test) => test(labels));
}

/** `*` stands for any characters; in time proportional to the text, whatever the pattern. */
function globMatcher(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
      return false;
    let from = first.length;
    for (const piece of rest) {
      const at = text.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return from <= text.length - last.length;
  };
}
