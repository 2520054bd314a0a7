/** A place of a form, `service` or `service/environment`, as the commands take it; empty is none. */
export function placeOf(value: unknown): { service?: string; environment?: string } {
  const [service, environment] = typeof value === 'string' ? value.split('/') : [];
  return { ...(service ? { service } : {}), ...(environment ? { environment } : {}) };
}

/** What a field for a date and a time of UTC holds, as the commands take it; undefined where it is empty. */
export function utcMomentOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  // Browsers leave the seconds out where they are none.
  const text = value.trim().replace(/(T\d{2}:\d{2})(?=$|Z|[+-])/, '$1:00');
  return /(Z|[+-]\d{2}:\d{2})$/i.test(text) ? text : `${text}Z`;
}

/** The number of an incident as people write it, INC-42 or #42, without what stands before it. */
export function numberOf(value: unknown): string {
  return String(value ?? '')
    .trim()
    .replace(/^(?:inc-|#)(?=\d)/i, '');
}
