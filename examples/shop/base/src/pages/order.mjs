import { html } from '../html.mjs';
import { formatPrice } from '../money.mjs';
import { totals } from './cart.mjs';
import { layout } from './layout.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../orders.mjs').Order} order
 */
export function orderPage(frame, order) {
  return layout(
    frame,
    { title: `Order ${order.id}` },
    html`<section class="narrow">
<p class="eyebrow">Order ${order.id}</p>
<h1>Merci, ${order.contactName}.</h1>
<p class="lead">Your parcel leaves within two days. We write to ${order.email} when it does.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">Product</th><th scope="col">Quantity</th><th scope="col" class="number">Price</th></tr></thead>
<tbody>${order.lines.map(
      (line) => html`<tr><td>${line.name}</td><td>${line.quantity}</td>
<td class="number">${formatPrice(line.quantity * line.unitPriceCents)}</td></tr>`,
    )}</tbody>
</table></div>
${totals({
  subtotalCents: order.totalCents - order.deliveryCents,
  deliveryCents: order.deliveryCents,
  totalCents: order.totalCents,
})}
<h2>Delivered to</h2>
<p>${order.address}</p>
</section>`,
  );
}
