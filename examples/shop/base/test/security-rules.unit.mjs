import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingHeaders, scanSource } from '../scripts/security-rules.mjs';

/** @param {string} text */
const rules = (text) => scanSource('x.mjs', text).map((finding) => finding.rule);

test('a hard-coded secret is found, a label is not', () => {
  assert.deepEqual(rules(`const apiKey = 'q8w7e6r5t4y3u2i1o0pa';`), ['hard-coded-secret']);
  assert.deepEqual(rules(`const passwordLabel = 'Your password, please';`), []);
  assert.deepEqual(rules('const apiKey = process.env.API_KEY;'), []);
});

test('text that runs as code is found', () => {
  assert.deepEqual(rules(`eval('1'); new Function('return 1'); setTimeout('go()', 1);`), [
    'dynamic-code',
    'dynamic-code',
    'dynamic-code',
  ]);
});

test('SQL put together from values is found, parameters are not', () => {
  assert.deepEqual(rules(`db.query(\`select * from product where slug = \${slug}\`);`), ['sql-injection']);
  assert.deepEqual(rules(`const q = 'delete from session where id = ' + id;`), ['sql-injection']);
  assert.deepEqual(rules(`db.query('select * from product where slug = $1', [slug]);`), []);
});

test('a header that nothing sets is missed', () => {
  assert.deepEqual(missingHeaders([{ file: 'x.mjs', text: `const h = { 'x-frame-options': 'DENY' };` }]), [
    'content-security-policy',
    'x-content-type-options',
    'referrer-policy',
    'permissions-policy',
  ]);
});
