import { html } from '../html.mjs';
import { formatPrice } from '../money.mjs';
import { productArt } from './art.mjs';

/** @param {import('../catalogue.mjs').Product} product */
export function productCard(product) {
  return html`<li class="card"><a href="/shop/${product.slug}">
${productArt(product)}
<h3>${product.name}</h3>
<p>${product.summary}</p>
<p class="price">${formatPrice(product.priceCents)} <span class="quiet">${product.unit}</span></p>
</a></li>`;
}
