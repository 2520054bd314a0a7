import { html } from '../html.mjs';
import { totals } from './cart.mjs';
import { textField } from './field.mjs';
import { layout } from './layout.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../cart.mjs').Cart} cart
 * @param {import('../checkout.mjs').CheckoutForm} form
 * @param {import('../checkout.mjs').CheckoutProblems} problems
 * @param {string | null} refusal
 */
export function checkoutPage(frame, cart, form, problems, refusal) {
  return layout(
    frame,
    { title: 'Check out', current: 'cart' },
    html`<section class="narrow">
<h1>Check out</h1>
${refusal && html`<p class="problem" role="alert">${refusal}</p>`}
<form method="post" action="/checkout">
<h2>Delivery</h2>
${textField({ name: 'email', label: 'E-mail', type: 'email', value: form.email, problem: problems.email, autocomplete: 'email' })}
${textField({ name: 'name', label: 'Name', value: form.name, problem: problems.name, autocomplete: 'name' })}
${textField({ name: 'address', label: 'Address', value: form.address, problem: problems.address, autocomplete: 'street-address' })}
<h2>Payment</h2>
${textField({ name: 'card', label: 'Card number', value: form.card, problem: problems.card, autocomplete: 'cc-number' })}
${textField({ name: 'expiry', label: 'Expires', hint: 'MM/YY', value: form.expiry, problem: problems.expiry, autocomplete: 'cc-exp' })}
${totals(cart)}
<button class="button">Pay and order</button>
</form>
</section>`,
  );
}
