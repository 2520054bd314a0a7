import { priceCart } from './cart.mjs';
import { cookie, HttpError, htmlReply, readForm, redirectReply } from './http.mjs';
import { placeOrder, recordRefusal } from './orders.mjs';
import { checkoutPage } from './pages/checkout.mjs';
import { authorisePayment } from './payments.mjs';
import { frameOf } from './session.mjs';

/** @typedef {{ email: string, name: string, address: string, card: string, expiry: string }} CheckoutForm */
/** @typedef {Partial<Record<keyof CheckoutForm, string>>} CheckoutProblems */

/** @type {import('./app.mjs').Handler} */
export async function showCheckout(context) {
  const cart = priceCart(context.cart, await context.services.products.get());
  if (cart.count === 0) return redirectReply('/cart');
  const user = await context.user();
  const form = { email: user?.email ?? '', name: user?.fullName ?? '', address: '', card: '', expiry: '' };
  return htmlReply(checkoutPage(await frameOf(context), cart, form, {}, null));
}

/** @type {import('./app.mjs').Handler} */
export async function postCheckout(context) {
  const { db, config, metrics, products, ops } = context.services;
  const form = readCheckout(await readForm(context.request));
  const cart = priceCart(context.cart, await products.get());
  if (cart.count === 0) throw new HttpError(409, 'Your cart is empty.');
  const problems = checkProblems(form);
  if (Object.keys(problems).length > 0) {
    return htmlReply(checkoutPage(await frameOf(context), cart, form, problems, null), { status: 422 });
  }
  metrics.paymentAttempt();
  const payment =
    ops.failedPayment() ??
    authorisePayment({ number: form.card, expiry: form.expiry }, cart.totalCents, new Date());
  if (!payment.accepted) {
    metrics.paymentRefused(payment.reason);
    await recordRefusal(db, cart.totalCents, payment.reason);
    const refusal = `The payment was refused: ${payment.reason}.`;
    return htmlReply(checkoutPage(await frameOf(context), cart, form, {}, refusal), { status: 402 });
  }
  const user = await context.user();
  const order = {
    userId: user?.id ?? null,
    email: form.email,
    contactName: form.name,
    address: form.address,
    release: config.release,
  };
  const id = await placeOrder(db, order, cart, payment.reference);
  metrics.order(cart.totalCents);
  return redirectReply(`/orders/${id}`, [cookie('cart', '', 0)]);
}

/**
 * @param {URLSearchParams} fields
 * @returns {CheckoutForm}
 */
function readCheckout(fields) {
  /** @param {string} name */
  const read = (name) => (fields.get(name) ?? '').trim().slice(0, 200);
  return {
    email: read('email'),
    name: read('name'),
    address: read('address'),
    card: read('card'),
    expiry: read('expiry'),
  };
}

/**
 * What is wrong with a checkout form, by field; empty when nothing is.
 * @param {CheckoutForm} form
 * @returns {CheckoutProblems}
 */
export function checkProblems(form) {
  const problems = /** @type {CheckoutProblems} */ ({});
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(form.email)) problems.email = 'Enter an e-mail address.';
  if (form.name === '') problems.name = 'Enter the name on the parcel.';
  if (form.address === '') problems.address = 'Enter the delivery address.';
  if (form.card === '') problems.card = 'Enter a card number.';
  if (form.expiry === '') problems.expiry = 'Enter the expiry date, as MM/YY.';
  return problems;
}
