import pg from 'pg';

/** The login that reads what the example shop took in. */
export const SHOP_READER_ROLE = 'shop_reader';

/** The columns that it reads; nothing that says who somebody is. */
const READABLE = {
  customer_order: 'placed_at, total_cents',
  payment_attempt: 'at, outcome',
  visit: 'at, visitor',
} as const;

/**
 * Lets the reader's login see those columns of the shop's database and nothing else: of the tables that are there, and of those
 * that a release's migrations make later, whose owner then grants it. Done at each start, by the superuser of that database.
 */
export async function letShopBeRead(client: pg.Client): Promise<void> {
  const role = SHOP_READER_ROLE;
  const { rows: here } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = pg.escapeIdentifier(here[0]?.name ?? '');
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${role}`);
  await client.query(`ALTER ROLE ${role} CONNECTION LIMIT 20`);
  await client.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
  await client.query(`ALTER ROLE ${role} SET statement_timeout = '10s'`);
  const { rows: tables } = await client.query<{ schema: string; name: keyof typeof READABLE }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relname = ANY ($1)`,
    [Object.keys(READABLE)],
  );
  for (const { schema, name } of tables) {
    await client.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} TO ${role}`);
    await client.query(
      `GRANT SELECT (${READABLE[name]}) ON ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)} TO ${role}`,
    );
  }
  await client.query('CREATE SCHEMA IF NOT EXISTS ops_reading');
  await client.query(LET_READ);
  const { rowCount } = await client.query("SELECT FROM pg_event_trigger WHERE evtname = 'ops_let_read'");
  if (rowCount === 0)
    await client.query(
      `CREATE EVENT TRIGGER ops_let_read ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
       EXECUTE FUNCTION ops_reading.let_read()`,
    );
}

const columns = Object.entries(READABLE).map(([table, names]) => `WHEN '${table}' THEN '${names}'`);

/** A grant that fails must not fail the migration that makes the table. */
const LET_READ = `
  CREATE OR REPLACE FUNCTION ops_reading.let_read() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
  DECLARE made record;
  BEGIN
    FOR made IN
      SELECT n.nspname AS schema, c.relname AS name, CASE c.relname ${columns.join(' ')} END AS columns
      FROM pg_event_trigger_ddl_commands() ddl
      JOIN pg_class c ON c.oid = ddl.objid AND ddl.classid = 'pg_class'::regclass AND c.relkind = 'r'
      JOIN pg_namespace n ON n.oid = c.relnamespace
    LOOP
      CONTINUE WHEN made.columns IS NULL;
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${SHOP_READER_ROLE}', made.schema);
      EXECUTE format('GRANT SELECT (%s) ON %I.%I TO ${SHOP_READER_ROLE}', made.columns, made.schema, made.name);
    END LOOP;
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING '${SHOP_READER_ROLE} cannot read what was made: %', SQLERRM;
  END $$`;
