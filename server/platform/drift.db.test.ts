import { expect, it } from 'vitest';
import { joinSchema, readSchema, readSnapshot } from '#server/cli/dev/schema-snapshot';
import { diffSchemas } from '#server/platform/schema-engine';
import { readCatalog } from '#server/testing/catalog';
import { createTestDatabase } from '#server/testing/database';
import { withAdmin } from '#server/testing/server';

/** What migrations add by hand because a Prisma schema cannot say it. Anything else that differs is drift. */
const BY_HAND = [
  // Partitioned tables and their partitions.
  /^column metric_(sample|rollup_1m|rollup_1h)(_\d{8})?\./,
  /^index CREATE UNIQUE INDEX metric_(sample|rollup_1m|rollup_1h)(_\d{8})?_pkey /,
  /^constraint metric_(sample|rollup_1m|rollup_1h)(_\d{8})?\.\S+_pkey PRIMARY KEY /,
  /^column check_(result|hour)(_\d{8})?\./,
  /^index CREATE UNIQUE INDEX check_(result|hour)(_\d{8})?_pkey /,
  /^constraint check_(result|hour)(_\d{8})?\.\S+_pkey PRIMARY KEY /,
  /^function ((make|drop)_partitions|partition_unit)$/,
  /^index CREATE UNIQUE INDEX monitor_check_key_key /,
  /^(column|index|constraint|relation) .*_prisma_migrations/,
  /^constraint \S+_check CHECK /,
  /^function (refuse_change|require_approval|check_approval|incident_words|incident_query|keep_incident_words|keep_incident_acknowledged|keep_incident_facts|keep_incident_grave_since)$/,
  /^trigger (\S+\.append_only|run\.two_people|run_approval\.second_person|incident(_entry)?\.keep_words|incident\.keep_(grave_since|facts)|incident_entry\.keep_acknowledged)$/,
  /^index CREATE UNIQUE INDEX (run_single_flight_key|run_one_holder_key|run_awaiting_key|environment_lock_open_key|deployment_current_key|drill_open_key|notification_delivery_one_sending_key|toggle_open_key|alert_open_key|incident_automatic_key|incident_role_holder_key|incident_role_responder_key|saved_view_(shared|own)_key) /,
  /^index CREATE INDEX (run_approval_required_idx|audit_entry_search_idx|notification_delivery_due_idx|notification_delivery_open_idx|alert_open_idx|alert_waiting_idx|incident_open_idx|incident_entry_alert_idx|incident_entry_corrects_idx|incident_search_words_idx|incident_reviewed_idx|postmortem_review_idx|action_item_(open|ended)_idx|status_incident_open_idx) /,
];

it('the migrations lead to the schema that is written', async () => {
  const migrated = await createTestDatabase();
  const written = await createTestDatabase({ empty: true });
  try {
    await withAdmin(written.ownerUrl, async (client) =>
      client.query(await diffSchemas(null, await readSchema())),
    );
    const expected = await withAdmin(written.ownerUrl, readCatalog);
    const actual = await withAdmin(migrated.ownerUrl, readCatalog);
    const missing = expected.filter((line) => !actual.includes(line));
    const extra = actual.filter(
      (line) => !expected.includes(line) && !BY_HAND.some((known) => known.test(line)),
    );
    expect({ missing, extra }).toEqual({ missing: [], extra: [] });
    expect(expected.length).toBeGreaterThan(100);
  } finally {
    await Promise.all([migrated.drop(), written.drop()]);
  }
});

it('the snapshot that the next migration starts from is the schema that is written', async () => {
  const snapshot = await readSnapshot();
  expect(snapshot?.[0]?.content).toBe(joinSchema(await readSchema()));
});
