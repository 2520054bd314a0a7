/** @typedef {{ number: string, expiry: string }} Card */
/** @typedef {{ accepted: true, reference: string } | { accepted: false, reason: string }} PaymentResult */

/** What the provider's test mode answers, by card number. */
const testCards = /** @type {Record<string, string | null>} */ ({
  4242424242424242: null,
  5555555555554444: null,
  4000000000000002: 'the card was declined',
  4000000000009995: 'the card has insufficient funds',
});

/**
 * Asks the payment provider's test mode for a payment. Cards that are not test cards are refused.
 * @param {Card} card
 * @param {number} amountCents
 * @param {Date} now
 * @returns {PaymentResult}
 */
export function authorisePayment(card, amountCents, now) {
  const digits = card.number.replace(/[\s-]/g, '');
  if (!passesLuhn(digits)) return { accepted: false, reason: 'the card number is not valid' };
  if (!expiresInFuture(card.expiry, now)) return { accepted: false, reason: 'the card has expired' };
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0) {
    return { accepted: false, reason: 'the amount is not valid' };
  }
  const refusal = testCards[digits];
  if (refusal === undefined) return { accepted: false, reason: 'only test cards are accepted here' };
  if (refusal !== null) return { accepted: false, reason: refusal };
  return { accepted: true, reference: `pay_${now.getTime().toString(36)}_${digits.slice(-4)}` };
}

/**
 * The check digit rule of card numbers (ISO/IEC 7812-1).
 * @param {string} digits
 */
export function passesLuhn(digits) {
  if (!/^\d{12,19}$/.test(digits)) return false;
  let sum = 0;
  [...digits].reverse().forEach((digit, index) => {
    const doubled = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
}

/**
 * @param {string} expiry `MM/YY`; a card is valid to the end of its month (UTC)
 * @param {Date} now
 */
export function expiresInFuture(expiry, now) {
  const match = /^(0[1-9]|1[0-2])\/(\d{2})$/.exec(expiry.trim());
  if (!match) return false;
  return Date.UTC(2000 + Number(match[2]), Number(match[1]), 1) > now.getTime();
}
