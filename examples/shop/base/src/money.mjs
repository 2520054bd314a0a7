const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

/** Orders of at least this much are delivered free, in cents. */
export const freeDeliveryFromCents = 4900;
const deliveryCents = 490;

/**
 * @param {number} cents
 * @returns {string} for example `€8.90`
 */
export function formatPrice(cents) {
  return euros.format(cents / 100);
}

/**
 * What delivery costs for a basket, in cents; an empty basket costs nothing.
 * @param {number} subtotalCents
 */
export function deliveryFor(subtotalCents) {
  if (subtotalCents === 0 || subtotalCents >= freeDeliveryFromCents) return 0;
  return deliveryCents;
}
