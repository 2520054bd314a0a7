import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgresCode } from '#server/platform/database-errors';
import { createTestDatabase, type TestDatabase } from '#server/testing/database';
import { withAdmin } from '#server/testing/server';

/** What the serving role may do with each table: Select, Insert, Update, Delete. A new table has to be added here. */
const EXPECTED: Record<string, string> = {
  _prisma_migrations: 'S',
  action_item: 'SIU',
  action_item_reminder: 'SI',
  alert: 'SIU',
  alert_event: 'SI',
  alert_rule: 'SIU',
  api_token: 'SIU',
  app_user: 'SIU',
  audit_entry: 'SI',
  automatic_rollback_attempt: 'SIU',
  check_hour: 'SIU',
  check_result: 'SI',
  deployment: 'SIU',
  drill: 'SIU',
  environment_lock: 'SIU',
  event: 'SI',
  event_delivery: 'SIUD',
  freeze_window: 'SIU',
  idempotency_record: 'SIUD',
  incident: 'SIU',
  incident_attachment: 'SI',
  incident_attachment_content: 'SI',
  incident_assessment: 'SI',
  incident_entry: 'SI',
  incident_fix: 'SI',
  incident_impact: 'SI',
  incident_pin: 'SI',
  incident_role: 'SIU',
  incident_search: 'SIU',
  incident_step: 'SIU',
  log_cursor: 'SIUD',
  login_failure: 'SID',
  metric_dirty: 'SID',
  metric_rollup_1h: 'SIU',
  metric_rollup_1m: 'SIU',
  metric_sample: 'SI',
  metric_series: 'SI',
  monitor_check: 'SIU',
  notification: 'SI',
  notification_attempt: 'SI',
  notification_channel: 'SU',
  notification_delivery: 'SIU',
  notification_mention: 'SIUD',
  playbook_step: 'SIU',
  postmortem: 'SIU',
  postmortem_decision: 'SI',
  postmortem_revision: 'SI',
  release: 'SIU',
  release_mark: 'SI',
  rule_state: 'SIUD',
  run: 'SIU',
  run_approval: 'SI',
  run_log: 'SI',
  run_step: 'SIU',
  saved_view: 'SIUD',
  schedule: 'SIU',
  schedule_tick: 'SIU',
  scrape_target: 'SIUD',
  security_event: 'SI',
  session: 'SIUD',
  setup_link: 'SIUD',
  status_component: 'SIU',
  status_draft: 'SIUD',
  status_incident: 'SIU',
  status_maintenance: 'SIU',
  status_update: 'SI',
  toggle: 'SIU',
  worker: 'SIUD',
};
/** Only added to by those who serve, but not history that a trigger keeps: dropped by age, or a register. */
const NO_HISTORY = ['check_result', 'metric_sample', 'metric_series'];
const APPEND_ONLY = Object.entries(EXPECTED).flatMap(([table, rights]) =>
  rights === 'SI' && !NO_HISTORY.includes(table) ? [table] : [],
);
const INSUFFICIENT_PRIVILEGE = '42501';
const RESTRICT_VIOLATION = '23001';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The SQLSTATE that a statement ends with, null when it succeeds. The serving login and its role stand for each process. */
async function codeOf(url: string, statement: string): Promise<string | null> {
  return withAdmin(url, async (client: pg.Client) => {
    try {
      await client.query(statement);
      return null;
    } catch (error) {
      if (hasPostgresCode(error, INSUFFICIENT_PRIVILEGE)) return INSUFFICIENT_PRIVILEGE;
      if (hasPostgresCode(error, RESTRICT_VIOLATION)) return RESTRICT_VIOLATION;
      throw error;
    }
  });
}

describe('the serving role', () => {
  it('has on each table what is listed, and on no table anything else', async () => {
    const { rows } = await withAdmin(database.ownerUrl, (client) =>
      client.query<{ name: string; rights: string; other: boolean; isPartition: boolean }>(`
        SELECT relname AS name, relispartition AS "isPartition",
               concat(CASE WHEN has_table_privilege('ops_app', oid, 'SELECT') THEN 'S' END,
                      CASE WHEN has_table_privilege('ops_app', oid, 'INSERT') THEN 'I' END,
                      CASE WHEN has_table_privilege('ops_app', oid, 'UPDATE') THEN 'U' END,
                      CASE WHEN has_table_privilege('ops_app', oid, 'DELETE') THEN 'D' END) AS rights,
               has_table_privilege('ops_app', oid, 'TRUNCATE, REFERENCES, TRIGGER') AS other
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')`),
    );
    const [partitions, tables] = [true, false].map((is) => rows.filter((row) => row.isPartition === is));
    expect(Object.fromEntries(tables?.map((row) => [row.name, row.rights]) ?? [])).toEqual(EXPECTED);
    // Reached through their parent alone.
    expect(partitions?.filter((row) => row.rights !== '')).toEqual([]);
    expect(partitions?.length).toBeGreaterThan(0);
    expect(rows.filter((row) => row.other)).toEqual([]);
  });

  it('may draw from every sequence', async () => {
    const { rows } = await withAdmin(database.ownerUrl, (client) =>
      client.query<{ name: string; usable: boolean }>(`
        SELECT relname AS name, has_sequence_privilege('ops_app', oid, 'USAGE') AS usable
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'`),
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => !row.usable)).toEqual([]);
  });

  it.each([
    'CREATE TABLE mine (id int)',
    'ALTER TABLE audit_entry DISABLE TRIGGER append_only',
    'DROP TABLE audit_entry',
    'DROP FUNCTION refuse_change()',
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  ])('may not change the schema: %s', async (statement) => {
    expect(await codeOf(database.url, statement)).toBe(INSUFFICIENT_PRIVILEGE);
  });
});

describe('append-only tables', () => {
  it.each(APPEND_ONLY)('%s refuses changes by the serving login for lack of the right', async (table) => {
    expect(await codeOf(database.url, `DELETE FROM ${table}`)).toBe(INSUFFICIENT_PRIVILEGE);
    expect(await codeOf(database.url, `TRUNCATE ${table}`)).toBe(INSUFFICIENT_PRIVILEGE);
  });

  it.each(APPEND_ONLY)('%s refuses changes even by its owner and the administrator', async (table) => {
    const column =
      { run_log: 'seq = seq', run_approval: 'reason = reason', notification_attempt: 'reason = reason' }[
        table
      ] ?? 'id = id';
    for (const url of [database.ownerUrl, database.adminUrl]) {
      expect(await codeOf(url, `UPDATE ${table} SET ${column}`)).toBe(RESTRICT_VIOLATION);
      expect(await codeOf(url, `DELETE FROM ${table}`)).toBe(RESTRICT_VIOLATION);
      expect(await codeOf(url, `TRUNCATE ${table} CASCADE`)).toBe(RESTRICT_VIOLATION);
    }
  });

  it('an entry written by the serving login stays as it was written', async () => {
    const insert =
      "INSERT INTO audit_entry (actor_type, actor_name, action, target_type) VALUES ('system', 'test', 'a', 'b')";
    expect(await codeOf(database.url, insert)).toBeNull();
    expect(await codeOf(database.adminUrl, "UPDATE audit_entry SET action = 'other'")).toBe(
      RESTRICT_VIOLATION,
    );
    const { rows } = await withAdmin(database.url, (client) =>
      client.query('SELECT action FROM audit_entry'),
    );
    expect(rows).toEqual([{ action: 'a' }]);
  });
});
