import { priceCart, serializeCart, setQuantity } from './cart.mjs';
import { postCheckout, showCheckout } from './checkout.mjs';
import { reportHealth } from './health.mjs';
import { healthChecks } from './health-checks.mjs';
import { cookie, HttpError, htmlReply, jsonReply, readForm, redirectReply, safeReturnPath } from './http.mjs';
import { findOrder, recentOrders } from './orders.mjs';
import { adminPage } from './pages/admin.mjs';
import { cartPage } from './pages/cart.mjs';
import { homePage } from './pages/home.mjs';
import { loginPage } from './pages/login.mjs';
import { orderPage } from './pages/order.mjs';
import { productPage } from './pages/product.mjs';
import { shopPage } from './pages/shop.mjs';
import { frameOf } from './session.mjs';
import { login, logout } from './users.mjs';

/** @typedef {import('./app.mjs').Handler} Handler */

const sessionSeconds = 12 * 3600;
const cartSeconds = 7 * 86_400;
const recentOrderCount = 50;

/** @type {Handler} */
async function home(context) {
  const products = await context.services.products.get();
  return htmlReply(homePage(await frameOf(context), products));
}

/** @type {Handler} */
async function shop(context) {
  const products = await context.services.products.get();
  return htmlReply(shopPage(await frameOf(context), products));
}

/** @type {Handler} */
async function product(context) {
  const products = await context.services.products.get();
  const found = products.find((candidate) => candidate.slug === context.params.slug);
  if (!found) throw new HttpError(404, 'We do not sell that product.');
  const related = products
    .filter((other) => other.category === found.category && other !== found)
    .slice(0, 3);
  return htmlReply(productPage(await frameOf(context), found, related));
}

/** @type {Handler} */
async function showCart(context) {
  const cart = priceCart(context.cart, await context.services.products.get());
  return htmlReply(cartPage(await frameOf(context), cart));
}

/** @type {Handler} */
async function postCart(context) {
  const form = await readForm(context.request);
  const slug = form.get('slug') ?? '';
  const products = await context.services.products.get();
  if (!products.some((candidate) => candidate.slug === slug))
    throw new HttpError(404, 'We do not sell that product.');
  const quantity = Number(form.get('quantity') ?? 1);
  if (!Number.isInteger(quantity) || quantity < 0)
    throw new HttpError(400, 'The quantity must be a whole number.');
  const before = form.get('mode') === 'set' ? 0 : (context.cart.get(slug) ?? 0);
  setQuantity(context.cart, slug, before + quantity);
  return redirectReply('/cart', [cookie('cart', serializeCart(context.cart), cartSeconds)]);
}

/** @type {Handler} */
async function showLogin(context) {
  const next = safeReturnPath(context.url.searchParams.get('next'));
  return htmlReply(loginPage(await frameOf(context), { next, email: '', problem: null }));
}

/** @type {Handler} */
async function postLogin(context) {
  const { db, loginLimit } = context.services;
  const form = await readForm(context.request);
  const email = (form.get('email') ?? '').trim().toLowerCase();
  const next = safeReturnPath(form.get('next'));
  if (loginLimit.isBlocked(email)) throw new HttpError(429, 'Too many attempts. Please wait ten minutes.');
  const token = await login(db, email, form.get('password') ?? '');
  if (!token) {
    loginLimit.fail(email);
    const problem = 'This e-mail address and password do not match.';
    return htmlReply(loginPage(await frameOf(context), { next, email, problem }), { status: 401 });
  }
  return redirectReply(next, [cookie('session', token, sessionSeconds)]);
}

/** @type {Handler} */
async function postLogout(context) {
  await logout(context.services.db, context.cookies.session);
  return redirectReply('/', [cookie('session', '', 0)]);
}

/** @type {Handler} */
async function order(context) {
  const found = await findOrder(context.services.db, context.params.id ?? '');
  if (!found) throw new HttpError(404, 'We know no order with this number.');
  return htmlReply(orderPage(await frameOf(context), found));
}

/** @type {Handler} */
async function admin(context) {
  const user = await context.user();
  if (!user) return redirectReply('/login?next=/admin');
  if (user.role !== 'admin') throw new HttpError(403, 'This page is for the HerbisVeritas team.');
  const orders = await recentOrders(context.services.db, recentOrderCount);
  return htmlReply(adminPage(await frameOf(context), orders));
}

/** @type {Handler} */
async function health(context) {
  const report = await reportHealth(healthChecks(context.services), context.services.config.release);
  return jsonReply(report, { status: report.status === 'healthy' ? 200 : 503 });
}

/** @type {Handler} */
async function authStatus(context) {
  const user = await context.user();
  return jsonReply({ status: 'ok', authenticated: user !== null, role: user?.role ?? null });
}

/** @type {Handler} */
async function metrics(context) {
  return {
    status: 200,
    body: context.services.metrics.expose(),
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
    cookies: [],
  };
}

/** @type {Handler} */
async function asset(context) {
  const found = context.services.assets.find(context.params.file ?? '');
  if (!found) throw new HttpError(404, 'There is nothing at this address.');
  return {
    status: 200,
    body: found.body,
    headers: {
      'content-type': found.contentType,
      'cache-control': found.exact ? 'public, max-age=31536000, immutable' : 'no-store',
    },
    cookies: [],
  };
}

/** Every address of the shop; `page` counts as a page view. */
export const routes = /** @type {import('./router.mjs').Route<Handler>[]} */ ([
  { method: 'GET', pattern: '/', handler: home, page: true },
  { method: 'GET', pattern: '/shop', handler: shop, page: true },
  { method: 'GET', pattern: '/shop/:slug', handler: product, page: true },
  { method: 'GET', pattern: '/cart', handler: showCart, page: true },
  { method: 'POST', pattern: '/cart', handler: postCart },
  { method: 'GET', pattern: '/login', handler: showLogin, page: true },
  { method: 'POST', pattern: '/login', handler: postLogin },
  { method: 'POST', pattern: '/logout', handler: postLogout },
  { method: 'GET', pattern: '/checkout', handler: showCheckout, page: true },
  { method: 'POST', pattern: '/checkout', handler: postCheckout },
  { method: 'GET', pattern: '/orders/:id', handler: order, page: true },
  { method: 'GET', pattern: '/admin', handler: admin },
  { method: 'GET', pattern: '/api/health', handler: health },
  { method: 'GET', pattern: '/api/auth/status', handler: authStatus },
  { method: 'GET', pattern: '/metrics', handler: metrics },
  { method: 'GET', pattern: '/assets/:file', handler: asset },
]);
