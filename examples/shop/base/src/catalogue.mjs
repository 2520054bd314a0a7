/**
 * @typedef {object} Product
 * @property {string} slug
 * @property {string} name
 * @property {string} category
 * @property {string} summary
 * @property {string} description
 * @property {number} priceCents
 * @property {string} unit
 * @property {number} hue
 * @property {number} stock
 */

/** The categories in the order of the shelf, with their labels. */
export const categories = /** @type {Record<string, string>} */ ({
  tisanes: 'Herbal teas',
  aromates: 'Cooking herbs',
  huiles: 'Oils and balms',
  gourmandises: 'Pantry',
  bain: 'Bath and skin',
});

/**
 * Every product that is for sale, in the order of the shelf.
 * @param {import('./database.mjs').Database} db
 * @returns {Promise<Product[]>}
 */
export async function listProducts(db) {
  const { rows } = await db.query(
    `select slug, name, category, summary, description, price_cents as "priceCents", unit, hue, stock
       from product
      order by position`,
  );
  return rows;
}
