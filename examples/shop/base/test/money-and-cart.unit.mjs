import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCart, priceCart, serializeCart, setQuantity } from '../src/cart.mjs';
import { deliveryFor, formatPrice, freeDeliveryFromCents } from '../src/money.mjs';
import { sampleProduct } from './samples.mjs';

test('prices are shown in euros with two decimals', () => {
  assert.equal(formatPrice(890), '€8.90');
  assert.equal(formatPrice(123_456), '€1,234.56');
});

test('delivery is free from exactly 49 euros', () => {
  assert.equal(deliveryFor(freeDeliveryFromCents - 1), 490);
  assert.equal(deliveryFor(freeDeliveryFromCents), 0);
});

test('an empty basket costs no delivery', () => {
  assert.equal(deliveryFor(0), 0);
});

test('a cart survives its cookie', () => {
  const items = new Map([
    ['thym-de-provence', 2],
    ['eau-de-rose', 1],
  ]);
  assert.deepEqual(parseCart(serializeCart(items)), items);
});

test('a malformed cart cookie gives what can be read', () => {
  assert.deepEqual(parseCart('thym:2.<script>:1.eau:x.:3.miel:0'), new Map([['thym', 2]]));
  assert.equal(parseCart(undefined).size, 0);
});

test('quantities stay between 0 and 20', () => {
  const items = new Map();
  setQuantity(items, 'thym', 99);
  assert.equal(items.get('thym'), 20);
  setQuantity(items, 'thym', -1);
  assert.equal(items.has('thym'), false);
});

test('a cart adds up, and leaves out what is no longer sold', () => {
  const cart = priceCart(
    new Map([
      ['thym', 3],
      ['gone', 5],
    ]),
    [sampleProduct({ slug: 'thym', priceCents: 480 })],
  );
  assert.deepEqual(
    [cart.count, cart.subtotalCents, cart.deliveryCents, cart.totalCents],
    [3, 1440, 490, 1930],
  );
});
