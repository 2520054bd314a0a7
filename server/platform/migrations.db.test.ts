import { afterAll, describe, expect, it } from 'vitest';
import { createTestApp } from '#server/testing/context';

describe('context', async () => {
  const app = await createTestApp();
  afterAll(() => app.close());
  it('works', async () => {
    const ctx = await app.asRole('viewer');
    expect(await ctx.db.user.count()).toBe(1);
  });
});
