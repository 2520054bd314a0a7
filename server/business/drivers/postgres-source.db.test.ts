import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSources } from '#server/business/drivers/registry';
import { opsConfigSchema } from '#server/services/config';
import {
  businessConfig,
  createBusinessShop,
  SHOP_PASSWORD,
  type SHOP_QUERIES,
} from '#server/testing/business-shop';

const DAY_MS = 86_400_000;

let shop: Awaited<ReturnType<typeof createBusinessShop>>;

beforeAll(async () => {
  shop = await createBusinessShop();
});
afterAll(() => shop?.drop());

describe('the source', () => {
  const source = (queries: Partial<typeof SHOP_QUERIES> = {}, url = shop.readerUrl) => {
    const changed = businessConfig();
    const settings = changed.services.shop?.environments.production?.business;
    if (settings?.driver === 'postgres') Object.assign(settings.queries, queries);
    return createSources(opsConfigSchema.parse(changed), { SHOP_READ_URL: url })('shop', 'production');
  };
  const span = { from: new Date(Date.now() - DAY_MS), until: new Date() };

  it('cannot write by its login, and reads only even by one that could', async () => {
    const client = new pg.Client({ connectionString: shop.readerUrl });
    await client.connect();
    for (const sql of [
      'DELETE FROM customer_order',
      "UPDATE visit SET visitor = 'x'",
      "INSERT INTO payment_attempt (amount_cents, outcome) VALUES (1, 'accepted')",
      'CREATE TABLE mine (id int)',
      'SELECT email FROM customer_order',
    ])
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
    await client.end();
    await shop.query(
      `CREATE FUNCTION spoil() RETURNS timestamptz LANGUAGE sql AS 'DELETE FROM visit; SELECT now()'`,
    );
    await shop.trade(new Date(), { visitors: ['v'] });
    const owner = source({ visits: "SELECT spoil() AS at, 'x' AS visitor" }, shop.adminUrl);
    await expect(owner?.measure([span])).rejects.toThrow('fails with SQLSTATE 25006');
    expect((await shop.query('SELECT FROM visit')).rowCount).toBe(1);
  });

  it('says in words what is wrong, and never the login', async () => {
    const told = async (made: ReturnType<typeof source>) => {
      const error = await made?.measure([span]).then(
        () => null,
        (reason: Error) => reason,
      );
      expect(error?.name).toBe('SourceError');
      expect(JSON.stringify([error, error?.message, error?.cause ?? null])).not.toContain(SHOP_PASSWORD);
      return error?.message;
    };
    const wrong = new URL(shop.readerUrl);
    wrong.password = `${SHOP_PASSWORD}-not`;
    expect(await told(source({}, wrong.href))).toContain('refuses the login of SHOP_READ_URL');
    expect(await told(source({ orders: 'SELECT at FROM nowhere' }))).toContain(
      'relation "nowhere" does not exist',
    );
    expect(
      await told(source({ orders: 'SELECT placed_at AS at, length(email) AS amount FROM customer_order' })),
    ).toContain('permission denied');
    expect(
      await told(source({ orders: "SELECT now() - interval '1 hour' AS at, 12.5 AS amount" })),
    ).toContain('not in whole minor units');
    expect(await told(source({}, `not a url with ${SHOP_PASSWORD}`))).toContain('cannot be reached');
  });

  it('is refused in the configuration by what is wrong with it', () => {
    expect(() => source({ orders: 'DELETE FROM customer_order' })).toThrow('write one SELECT');
    expect(() => source({ orders: 'SELECT 1; DROP TABLE visit' })).toThrow('without a semicolon');
  });
});
