import { expect, it } from 'vitest';
import { releaseFolderName } from '#server/deployments/drivers/checkouts';

it('names a folder so that it cannot leave its parent', () => {
  expect(releaseFolderName({ tag: 'release/1.0', commitSha: 'a'.repeat(40) })).toBe(
    'release~1.0-aaaaaaaaaaaa',
  );
});
