import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorisePayment, expiresInFuture, passesLuhn } from '../src/payments.mjs';
import { FailureLimit } from '../src/rate-limit.mjs';
import { hashPassword, verifyPassword } from '../src/users.mjs';

const now = new Date('2025-08-16T10:00:00Z');

test('the accepted test card pays', () => {
  const result = authorisePayment({ number: '4242 4242 4242 4242', expiry: '12/30' }, 1930, now);
  assert.equal(result.accepted, true);
});

test('the refused test cards say why', () => {
  const declined = authorisePayment({ number: '4000 0000 0000 0002', expiry: '12/30' }, 1930, now);
  const empty = authorisePayment({ number: '4000-0000-0000-9995', expiry: '12/30' }, 1930, now);
  assert.deepEqual(declined, { accepted: false, reason: 'the card was declined' });
  assert.deepEqual(empty, { accepted: false, reason: 'the card has insufficient funds' });
});

test('a real card is never accepted', () => {
  const result = authorisePayment({ number: '4111111111111111', expiry: '12/30' }, 1930, now);
  assert.deepEqual(result, { accepted: false, reason: 'only test cards are accepted here' });
});

test('a card number with a wrong digit is refused', () => {
  assert.equal(passesLuhn('4242424242424242'), true);
  assert.equal(passesLuhn('4242424242424243'), false);
  assert.equal(passesLuhn('4242'), false);
});

test('a card is valid to the end of its month', () => {
  assert.equal(expiresInFuture('08/25', new Date('2025-08-31T23:59:59Z')), true);
  assert.equal(expiresInFuture('08/25', new Date('2025-09-01T00:00:00Z')), false);
  assert.equal(expiresInFuture('13/25', now), false);
});

test('a password is accepted only by its own hash', async () => {
  const stored = await hashPassword('romarin');
  assert.equal(await verifyPassword('romarin', stored), true);
  assert.equal(await verifyPassword('Romarin', stored), false);
  assert.equal(await verifyPassword('romarin', 'plain:romarin'), false);
});

test('an account is blocked after its failures, and freed when the window ends', () => {
  let time = 0;
  const limit = new FailureLimit(2, 1000, () => time);
  limit.fail('a');
  assert.equal(limit.isBlocked('a'), false);
  limit.fail('a');
  assert.equal(limit.isBlocked('a'), true);
  assert.equal(limit.isBlocked('b'), false);
  time = 1001;
  assert.equal(limit.isBlocked('a'), false);
});
