export type Labels = Readonly<Record<string, string>>;

/** One text for each set of labels, whatever their order. */
export function labelsKey(labels: Labels): string {
  const names = Object.keys(labels);
  if (names.length === 0) return '';
  if (names.length > 1) names.sort();
  let key = '';
  for (const name of names) key += `${name}\u0001${labels[name]}\u0002`;
  return key;
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
