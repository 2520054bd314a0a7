import { html } from '../html.mjs';
import { formatPrice } from '../money.mjs';
import { layout } from './layout.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../cart.mjs').Cart} cart
 */
export function cartPage(frame, cart) {
  return layout(
    frame,
    { title: 'Cart', current: 'cart' },
    html`<h1>Your cart</h1>
${cart.count === 0 ? html`<p>Nothing yet. <a href="/shop">See the shop</a>.</p>` : filledCart(cart)}`,
  );
}

/** @param {import('../cart.mjs').Cart} cart */
function filledCart(cart) {
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Product</th><th scope="col">Quantity</th><th scope="col" class="number">Price</th></tr></thead>
<tbody>${cart.lines.map(cartLine)}</tbody>
</table></div>
${totals(cart)}
<a class="button" href="/checkout">Check out</a>`;
}

/** @param {import('../cart.mjs').CartLine} line */
function cartLine(line) {
  return html`<tr>
<td><a href="/shop/${line.product.slug}">${line.product.name}</a></td>
<td><form method="post" action="/cart" class="row">
<input type="hidden" name="slug" value="${line.product.slug}"><input type="hidden" name="mode" value="set">
<input type="number" name="quantity" value="${line.quantity}" min="0" max="20" aria-label="Quantity of ${line.product.name}">
<button class="link">Update</button>
</form></td>
<td class="number">${formatPrice(line.lineCents)}</td>
</tr>`;
}

/**
 * The sums under a list of products.
 * @param {{ subtotalCents: number, deliveryCents: number, totalCents: number }} sums
 */
export function totals(sums) {
  return html`<dl class="totals">
<dt>Products</dt><dd>${formatPrice(sums.subtotalCents)}</dd>
<dt>Delivery</dt><dd>${sums.deliveryCents === 0 ? 'free' : formatPrice(sums.deliveryCents)}</dd>
<dt>Total</dt><dd><strong>${formatPrice(sums.totalCents)}</strong></dd>
</dl>`;
}
