import { html } from '../html.mjs';

/** One drawing a category, in a box of 120 by 120. */
const drawings = /** @type {Record<string, string>} */ ({
  tisanes:
    'M60 108V40M60 60C38 60 30 42 30 26c20 0 30 14 30 34Zm0 18c22 0 30-18 30-34-20 0-30 14-30 34Zm0 16C40 94 32 80 32 66c18 0 28 12 28 28Z',
  aromates:
    'M60 110V22M60 96l-22-14M60 96l22-14M60 78 36 62M60 78l24-16M60 60 40 44M60 60l20-16M60 42 46 28M60 42l14-14',
  huiles: 'M48 16h24v16l12 18v50a8 8 0 0 1-8 8H44a8 8 0 0 1-8-8V50l12-18ZM36 70h48',
  gourmandises: 'M36 30h48v12H36zM32 42h56l4 14v46a8 8 0 0 1-8 8H36a8 8 0 0 1-8-8V56ZM44 66h32v24H44z',
  bain: 'M26 50q34-22 68 0v38q-34 20-68 0ZM42 62q18-10 36 0M34 34q0-8 6-14M58 28q0-8 6-14M80 34q0-8 6-14',
});

/**
 * The picture of a product: a line drawing of its category on the product's own tint.
 * @param {{ category: string, hue: number }} product
 */
export function productArt(product) {
  return html`<svg class="art" viewBox="0 0 120 120" width="120" height="120" preserveAspectRatio="xMidYMid slice" aria-hidden="true"><rect width="120" height="120" fill="hsl(${product.hue} 42% 88%)"/><path d="${drawings[product.category] ?? drawings.tisanes}" fill="hsl(${product.hue} 38% 74%)" stroke="hsl(${product.hue} 40% 26%)" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}
