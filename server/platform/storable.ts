/** A text that Postgres and Slack take: without zero characters and halves of characters, at most `max` long. */
export function storable(text: string, max: number): string {
  const whole = wellFormed(text.replaceAll('\0', ''));
  return whole.length <= max ? whole : `${wellFormed(whole.slice(0, max - 1))}…`;
}

function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');
}
