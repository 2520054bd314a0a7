import { createTestDatabase } from '#server/testing/database';
import { METRICS_CONFIG } from '#server/testing/metrics';
import { withAdmin } from '#server/testing/server';

/* The tables of the example shop, as its base migration makes them, in a Postgres of its own with a login that may read. */

export const SHOP_PASSWORD = 'known-to-nobody-else';
export const SHOP_QUERIES = {
  orders: 'SELECT placed_at AS at, total_cents AS amount FROM customer_order -- each with its total',
  payments: "SELECT at, outcome = 'refused' AS failed FROM payment_attempt",
  visits: 'SELECT at, visitor FROM visit',
};

/** One environment whose business is read with what SHOP_READ_URL says. */
export function businessConfig() {
  const config = structuredClone(METRICS_CONFIG);
  const environment = config.services.shop?.environments.production;
  if (environment)
    environment.business = {
      driver: 'postgres',
      urlVariable: 'SHOP_READ_URL',
      currency: 'EUR',
      queries: { ...SHOP_QUERIES },
    };
  return config;
}

/** Makes the shop's database. Drop it in `afterAll`. */
export async function createBusinessShop() {
  const shop = await createTestDatabase({ empty: true });
  const reader = `shop_reader_${new URL(shop.adminUrl).pathname.slice(-10)}`;
  const query = (sql: string, values?: unknown[]) =>
    withAdmin(shop.adminUrl, (client) => client.query(sql, values));
  await query(`
    CREATE TABLE customer_order (id text PRIMARY KEY, email text NOT NULL, total_cents int NOT NULL CHECK (total_cents > 0),
      placed_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE payment_attempt (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount_cents int NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('accepted', 'refused')), at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE visit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text NOT NULL, path text NOT NULL, at timestamptz NOT NULL);
    CREATE ROLE ${reader} LOGIN PASSWORD '${SHOP_PASSWORD}';
    GRANT SELECT (placed_at, total_cents) ON customer_order TO ${reader};
    GRANT SELECT (at, outcome) ON payment_attempt TO ${reader};
    GRANT SELECT (at, visitor) ON visit TO ${reader};`);
  const url = new URL(shop.adminUrl);
  url.username = reader;
  url.password = SHOP_PASSWORD;
  let orders = 0;
  return {
    adminUrl: shop.adminUrl,
    readerUrl: url.href,
    query,
    /** What the shop writes down when somebody looks, pays, or is refused, at a time. */
    async trade(at: Date, trades: { totals?: number[]; refused?: number; visitors?: string[] }) {
      const { totals = [], refused = 0, visitors = [] } = trades;
      const attempt = 'INSERT INTO payment_attempt (amount_cents, outcome, at) VALUES ($1, $2, $3)';
      for (const total of totals) {
        orders += 1;
        await query('INSERT INTO customer_order VALUES ($1, $2, $3, $4)', [`o${orders}`, 'a@b.c', total, at]);
        await query(attempt, [total, 'accepted', at]);
      }
      for (let count = 0; count < refused; count += 1) await query(attempt, [1, 'refused', at]);
      for (const visitor of visitors)
        await query("INSERT INTO visit (visitor, path, at) VALUES ($1, '/', $2)", [visitor, at]);
    },
    async drop() {
      await query(`DROP OWNED BY ${reader}`);
      const server = new URL(shop.adminUrl);
      server.pathname = '/postgres';
      await shop.drop();
      await withAdmin(server.href, (client) => client.query(`DROP ROLE IF EXISTS ${reader}`));
    },
  };
}
