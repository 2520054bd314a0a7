import { deliveryFor } from './money.mjs';

/** @typedef {{ product: import('./catalogue.mjs').Product, quantity: number, lineCents: number }} CartLine */
/** @typedef {{ lines: CartLine[], count: number, subtotalCents: number, deliveryCents: number, totalCents: number }} Cart */

const maximumQuantity = 20;
const maximumLines = 30;

/**
 * Reads the cart cookie (`slug:quantity` joined by `.`); anything malformed is left out.
 * @param {string | undefined} cookie
 * @returns {Map<string, number>}
 */
export function parseCart(cookie) {
  const items = /** @type {Map<string, number>} */ (new Map());
  for (const part of (cookie ?? '').split('.').slice(0, maximumLines)) {
    const match = /^([a-z0-9-]{1,60}):(\d{1,2})$/.exec(part);
    if (match?.[1]) setQuantity(items, match[1], Number(match[2]));
  }
  return items;
}

/**
 * @param {Map<string, number>} items
 * @returns {string} the cookie's value
 */
export function serializeCart(items) {
  return [...items].map(([slug, quantity]) => `${slug}:${quantity}`).join('.');
}

/**
 * Sets a quantity, kept between 0 and 20; 0 removes the line.
 * @param {Map<string, number>} items
 * @param {string} slug
 * @param {number} quantity
 */
export function setQuantity(items, slug, quantity) {
  const kept = Math.min(maximumQuantity, Math.max(0, Math.trunc(quantity) || 0));
  if (kept === 0) items.delete(slug);
  else items.set(slug, kept);
}

/**
 * Prices a cart; products that are no longer sold are left out.
 * @param {Map<string, number>} items
 * @param {import('./catalogue.mjs').Product[]} products
 * @returns {Cart}
 */
export function priceCart(items, products) {
  const lines = /** @type {CartLine[]} */ ([]);
  for (const [slug, quantity] of items) {
    const product = products.find((candidate) => candidate.slug === slug);
    if (product) lines.push({ product, quantity, lineCents: product.priceCents * quantity });
  }
  const subtotalCents = lines.reduce((sum, line) => sum + line.lineCents, 0);
  const shipping = deliveryFor(subtotalCents);
  return {
    lines,
    count: lines.reduce((sum, line) => sum + line.quantity, 0),
    subtotalCents,
    deliveryCents: shipping,
    totalCents: subtotalCents + shipping,
  };
}
