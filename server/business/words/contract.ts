/* What pages show of money and of what an incident cost, without the schemas, which a browser has no use for. */

export const IMPACT_KINDS = ['estimate', 'override'] as const;
export type ImpactKind = (typeof IMPACT_KINDS)[number];

/** Most that an amount may be: whole numbers beyond it are no longer exact. */
const MINOR_MAX = Number.MAX_SAFE_INTEGER;

/** Decimal places of a currency, as ISO 4217 has them. */
export function minorDigits(currency: string): number {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}

/** An amount in minor units as a decimal number: 123450 of EUR is 1234.50. Exact. */
export function decimalOf(minor: number, currency: string): string {
  const digits = minorDigits(currency);
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  const sign = minor < 0 ? '-' : '';
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** The reverse, exact; null for what is no amount of that currency, or below 0. A comma is taken for a point. */
export function minorOf(decimal: string, currency: string): number | null {
  const [, whole = '', fraction = ''] = /^\s*(\d{1,16})(?:[.,](\d*))?\s*$/.exec(decimal) ?? [];
  const digits = minorDigits(currency);
  if (whole === '' || fraction.length > digits) return null;
  const minor = Number(`${whole}${fraction.padEnd(digits, '0')}`);
  return minor <= MINOR_MAX ? minor : null;
}

/** An amount as people read it: €1,234.50. */
export function moneyWords(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency });
  return format.format(decimalOf(minor, currency) as `${number}`);
}

/** A range of amounts: €120.00 to €340.00. */
export function moneyRange(low: number, high: number, currency: string): string {
  const [from, to] = [moneyWords(low, currency), moneyWords(high, currency)];
  return low === high ? from : `${from} to ${to}`;
}

/** A range of counts: 12 to 40. */
export function countRange(low: number, high: number): string {
  const format = new Intl.NumberFormat('en-GB');
  return low === high ? format.format(low) : `${format.format(low)} to ${format.format(high)}`;
}

/** What of an impact is told in words. */
export interface ImpactInWords {
  currency: string | null;
  revenueLowMinor: number | null;
  revenueHighMinor: number | null;
  revenueProblem: string | null;
  usersLow: number | null;
  usersHigh: number | null;
  usersProblem: string | null;
}

/** How much was lost, or why nobody can say. */
export function revenueWords(impact: ImpactInWords): string {
  const { currency, revenueLowMinor, revenueHighMinor, revenueProblem } = impact;
  if (currency !== null && revenueLowMinor !== null && revenueHighMinor !== null)
    return moneyRange(revenueLowMinor, revenueHighMinor, currency);
  return `cannot be estimated. ${revenueProblem ?? 'Nobody has said it.'}`;
}

/** How many were affected, or why nobody can say. */
export function usersWords({ usersLow, usersHigh, usersProblem }: ImpactInWords): string {
  if (usersLow !== null && usersHigh !== null) return countRange(usersLow, usersHigh);
  return `cannot be estimated. ${usersProblem ?? 'Nobody has said it.'}`;
}

/** An impact in a line of a timeline; a reason why neither is known is told once. */
export function impactWords(impact: ImpactInWords): string {
  const end = (text: string) => (text.endsWith('.') ? text : `${text}.`);
  const [revenue, users] = [end(revenueWords(impact)), end(usersWords(impact))];
  if (revenue === users) return `Lost revenue and users affected: ${revenue}`;
  return `Lost revenue: ${revenue} Users affected: ${users}`;
}
