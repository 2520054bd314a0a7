import { writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { describeApi } from '#server/api/openapi';

it('writes', () => {
  writeFileSync('/tmp/openapi.json', JSON.stringify(describeApi(), null, 1));
});
