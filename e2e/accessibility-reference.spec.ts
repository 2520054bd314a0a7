import { expectAccessible } from './support/axe';
import { visit } from './support/page';
import { test } from './support/test';

test.describe.configure({ timeout: 420_000 });

test('axe finds nothing on the whole reference of the API', async ({ open }) => {
  const page = await open('viewer');
  await visit(page, '/api-reference');
  await expectAccessible(page, 'the reference');
});
