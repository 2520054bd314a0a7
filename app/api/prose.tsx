import { Fragment } from 'react';

/** A sentence of the document, with what it marks as code or as emphasis. */
export function Prose({ text }: { text: string }) {
  return text.split(/(`[^`]+`|\*[^*\s][^*]*\*)/).map((part, index) => {
    const inner = part.slice(1, -1);
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence do not move
    if (part.startsWith('`') && part.length > 2) return <code key={index}>{inner}</code>;
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence do not move
    if (part.startsWith('*') && part.length > 2) return <em key={index}>{inner}</em>;
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence do not move
    return <Fragment key={index}>{part}</Fragment>;
  });
}
