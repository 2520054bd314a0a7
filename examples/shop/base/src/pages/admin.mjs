import { html } from '../html.mjs';
import { formatPrice } from '../money.mjs';
import { layout } from './layout.mjs';

const time = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'Europe/Paris',
});

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../orders.mjs').OrderSummary[]} orders
 */
export function adminPage(frame, orders) {
  return layout(
    frame,
    { title: 'Recent orders', current: 'admin' },
    html`<h1>Recent orders</h1>
${orders.length === 0 ? html`<p>No order yet.</p>` : orderTable(orders)}`,
  );
}

/** @param {import('../orders.mjs').OrderSummary[]} orders */
function orderTable(orders) {
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Order</th><th scope="col">Placed</th><th scope="col">Customer</th><th scope="col">Address</th><th scope="col">Release</th><th scope="col" class="number">Total</th></tr></thead>
<tbody>${orders.map(
    (order) => html`<tr>
<td><a href="/orders/${order.id}">${order.id}</a></td>
<td>${time.format(order.placedAt)}</td>
<td>${order.contactName}<br><span class="quiet">${order.email}</span></td>
<td>${order.address}</td>
<td>${order.release}</td>
<td class="number">${formatPrice(order.totalCents)}</td>
</tr>`,
  )}</tbody>
</table></div>`;
}
