import { categories } from '../catalogue.mjs';
import { html } from '../html.mjs';
import { formatPrice } from '../money.mjs';
import { productArt } from './art.mjs';
import { layout } from './layout.mjs';
import { productCard } from './product-card.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../catalogue.mjs').Product} product
 * @param {import('../catalogue.mjs').Product[]} related
 */
export function productPage(frame, product, related) {
  return layout(
    frame,
    { title: product.name, description: product.summary, current: 'shop' },
    html`<article class="product">
${productArt(product)}
<div>
<p class="eyebrow">${categories[product.category]}</p>
<h1>${product.name}</h1>
<p class="lead">${product.summary}</p>
<p>${product.description}</p>
<p class="price">${formatPrice(product.priceCents)} <span class="quiet">${product.unit}</span></p>
<form method="post" action="/cart" class="row">
<input type="hidden" name="slug" value="${product.slug}">
<label>Quantity <input type="number" name="quantity" value="1" min="1" max="20"></label>
<button class="button">Add to cart</button>
</form>
<p class="quiet">${product.stock > 0 ? 'In stock, sent within two days.' : 'Back with the next harvest; sent as soon as it is dry.'}</p>
</div>
</article>
${
  related.length > 0 &&
  html`<section><h2>From the same shelf</h2><ul class="grid">${related.map(productCard)}</ul></section>`
}`,
  );
}
