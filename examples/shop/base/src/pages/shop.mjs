import { categories } from '../catalogue.mjs';
import { html } from '../html.mjs';
import { layout } from './layout.mjs';
import { productCard } from './product-card.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../catalogue.mjs').Product[]} products
 */
export function shopPage(frame, products) {
  const shelves = Object.entries(categories)
    .map(([category, label]) => ({
      label,
      products: products.filter((product) => product.category === category),
    }))
    .filter((shelf) => shelf.products.length > 0);
  return layout(
    frame,
    { title: 'Shop', current: 'shop' },
    html`<h1>The shop</h1>
${shelves.map(
  (shelf) => html`<section>
<h2>${shelf.label}</h2>
<ul class="grid">${shelf.products.map(productCard)}</ul>
</section>`,
)}`,
  );
}
