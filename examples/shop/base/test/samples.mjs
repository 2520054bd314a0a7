/**
 * A product, with the fields that matter to a test replaced.
 * @param {Partial<import('../src/catalogue.mjs').Product>} [fields]
 * @returns {import('../src/catalogue.mjs').Product}
 */
export function sampleProduct(fields = {}) {
  return {
    slug: 'thym',
    name: 'Thym',
    category: 'aromates',
    summary: 'Wild thyme.',
    description: 'From the garrigue.',
    priceCents: 480,
    unit: '60 g',
    hue: 76,
    stock: 12,
    ...fields,
  };
}

/** @type {import('../src/session.mjs').Frame} */
export const sampleFrame = { user: null, cartCount: 2, release: 'v-test', stylesheet: '/assets/shop.css' };
