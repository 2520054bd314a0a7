import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceCart } from '../src/cart.mjs';
import { checkProblems } from '../src/checkout.mjs';
import { html, SafeHtml } from '../src/html.mjs';
import { parseCookies, safeReturnPath } from '../src/http.mjs';
import { newOrderId } from '../src/orders.mjs';
import { cartPage } from '../src/pages/cart.mjs';
import { homePage } from '../src/pages/home.mjs';
import { productPage } from '../src/pages/product.mjs';
import { shopPage } from '../src/pages/shop.mjs';
import { matchRoute } from '../src/router.mjs';
import { sampleFrame, sampleProduct } from './samples.mjs';

test('interpolated text is escaped, markup is not escaped twice', () => {
  const inner = html`<b>${'<&">'}</b>`;
  assert.equal(html`${[inner, null, false]}`.text, '<b>&lt;&amp;&quot;&gt;</b>');
  assert.ok(inner instanceof SafeHtml);
});

test('routes match by method and segment', () => {
  const routes = [
    { method: 'GET', pattern: '/shop/:slug', handler: 'product' },
    { method: 'POST', pattern: '/cart', handler: 'add' },
  ];
  assert.deepEqual(matchRoute(routes, 'HEAD', '/shop/thym'), { route: routes[0], params: { slug: 'thym' } });
  assert.deepEqual(matchRoute(routes, 'GET', '/cart'), { allowed: ['POST'] });
  assert.deepEqual(matchRoute(routes, 'GET', '/shop/'), { allowed: [] });
});

test('a return path never leaves the site', () => {
  assert.equal(safeReturnPath('/admin'), '/admin');
  for (const path of ['//evil.example', 'https://evil.example', '/\\evil.example', null]) {
    assert.equal(safeReturnPath(path), '/');
  }
});

test('cookies are read by name', () => {
  assert.deepEqual(parseCookies('a=1; cart=thym:2; odd'), { a: '1', cart: 'thym:2' });
});

test('order numbers do not repeat', () => {
  const ids = new Set(Array.from({ length: 500 }, newOrderId));
  assert.equal(ids.size, 500);
  for (const id of ids) assert.match(id, /^[2-9A-HJ-NP-Z]{12}$/);
});

test('the home page shows only products in stock', () => {
  const page = homePage(sampleFrame, [
    sampleProduct({ slug: 'a', name: 'Here' }),
    sampleProduct({ slug: 'b', name: 'Sold out', stock: 0 }),
  ]).text;
  assert.match(page, /Here/);
  assert.doesNotMatch(page, /Sold out/);
});

test('the shop page has a shelf for each category that has products', () => {
  const page = shopPage(sampleFrame, [
    sampleProduct(),
    sampleProduct({ slug: 'b', category: 'tisanes' }),
  ]).text;
  assert.match(page, /Cooking herbs/);
  assert.match(page, /Herbal teas/);
  assert.doesNotMatch(page, /<h2>Bath and skin/);
});

test('a product page offers the product and escapes its texts', () => {
  const page = productPage(sampleFrame, sampleProduct({ name: 'Thym & <b>' }), []).text;
  assert.match(page, /<h1>Thym &amp; &lt;b&gt;<\/h1>/);
  assert.match(page, /name="slug" value="thym"/);
  assert.match(page, /€4\.80/);
});

test('the cart page shows lines and the total with delivery', () => {
  const page = cartPage(sampleFrame, priceCart(new Map([['thym', 2]]), [sampleProduct()])).text;
  assert.match(page, /€9\.60/);
  assert.match(page, /€14\.50/);
});

test('a checkout form without its fields names each of them', () => {
  const problems = checkProblems({ email: 'nobody', name: '', address: '', card: '', expiry: '' });
  assert.deepEqual(Object.keys(problems), ['email', 'name', 'address', 'card', 'expiry']);
});
