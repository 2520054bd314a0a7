import pg from 'pg';
import { fillPostmortems } from '#server/cli/bench/fill-postmortems';

/** How many rows of each kind. */
export interface Amounts {
  runs: number;
  stepsPerRun: number;
  auditRows: number;
  approvals: number;
  drills: number;
  freezes: number;
  ticks: number;
  people: number;
  tokensPerPerson: number;
  notifications: number;
  alerts: number;
  postmortems: number;
}

/** Years of work. */
export const MANY: Amounts = {
  runs: 10_000,
  stepsPerRun: 12,
  auditRows: 100_000,
  approvals: 500,
  drills: 500,
  freezes: 200,
  ticks: 2_000,
  people: 200,
  tokensPerPerson: 2,
  notifications: 10_000,
  alerts: 5_000,
  postmortems: 5_000,
};

/** A page full of each. */
export const SOME: Amounts = {
  runs: 60,
  stepsPerRun: 12,
  auditRows: 200,
  approvals: 20,
  drills: 20,
  freezes: 10,
  ticks: 60,
  people: 20,
  tokensPerPerson: 2,
  notifications: 60,
  alerts: 60,
  postmortems: 60,
};

/** Rows of which pages have an address of their own. */
export interface Filled {
  runId: string;
  /** Awaits the approval of a second person. */
  awaitingRunId: string;
  userId: string;
  tokenId: string;
  scheduleId: string;
  notificationId: string;
  checkId: string;
  alertId: string;
  /** Of an incident with a post-mortem. */
  number: string;
  /** Of a rule. */
  key: string;
}

/**
 * Rows as they are left by work: ended runs with their steps and deployments, half of them in a practice environment of
 * the same service, the audit log, approvals, drills, freezes of the past, a paused schedule with its ticks, people and
 * their tokens, alerts with their moments, incidents with post-mortems and action items. Copies the console's first run, which must have ended.
 * @param ownerUrl the owner of the console's database: the serving login may take neither so long nor write all of it
 */
export async function fill(ownerUrl: string, amounts: Amounts): Promise<Filled> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    await fillRuns(client, amounts);
    await fillApprovals(client, amounts);
    await fillAudit(client, amounts);
    await fillPlanned(client, amounts);
    await fillPeople(client, amounts);
    await fillNotifications(client, amounts);
    await fillAlerts(client, amounts);
    await fillPostmortems(client, amounts.postmortems);
    const { rows } = await client.query<Filled>(`
      SELECT (SELECT id FROM run ORDER BY number LIMIT 1) AS "runId",
        (SELECT id FROM run WHERE status = 'awaiting_approval' ORDER BY number LIMIT 1) AS "awaitingRunId",
        (SELECT id FROM app_user WHERE email = 'person-1@bench.example') AS "userId",
        (SELECT t.id FROM api_token t JOIN app_user u ON u.id = t.user_id
          WHERE u.role = 'admin' ORDER BY t.id LIMIT 1) AS "tokenId",
        (SELECT id FROM schedule WHERE key = 'bench') AS "scheduleId",
        (SELECT id FROM notification ORDER BY created_at DESC, id LIMIT 1) AS "notificationId",
        (SELECT id FROM monitor_check WHERE key = 'health' AND removed_at IS NULL LIMIT 1) AS "checkId",
        (SELECT id FROM alert ORDER BY opened_at DESC, id LIMIT 1) AS "alertId",
        (SELECT i.number::text FROM postmortem p JOIN incident i ON i.id = p.incident_id
          WHERE p.state = 'in_review' ORDER BY i.number LIMIT 1) AS number,
        (SELECT key FROM alert_rule WHERE source->>'type' = 'metric' ORDER BY key LIMIT 1) AS key`);
    await client.query('COMMIT');
    // What autovacuum does long before tables have grown so far.
    await client.query('VACUUM ANALYZE');
    return rows[0] as Filled;
  } finally {
    await client.end();
  }
}

async function fillRuns(client: pg.Client, { runs, stepsPerRun }: Amounts): Promise<void> {
  await client.query(
    `INSERT INTO run (id, procedure, title, service, environment, lock_key, status, params, plan, plan_hash,
       config_hash, reason, requested_by_type, requested_by_name, budget_ms, created_at, started_at, ended_at)
     SELECT gen_random_uuid(), (ARRAY['deployments.deploy', 'deployments.rollback', 'deployments.check'])[1 + i % 3],
       'Deploy v1.' || i % 50 || ' to production', service, (ARRAY['production', 'practice'])[1 + i % 2],
       lock_key, (ARRAY['succeeded', 'failed', 'cancelled']::run_status[])[1 + i % 3], params, plan, plan_hash,
       config_hash, 'Release train ' || i, 'user', 'Person ' || i % 40, budget_ms, at, at, at + interval '4 minutes'
     FROM (SELECT * FROM run ORDER BY number LIMIT 1) AS first, generate_series(1, $1::int) i,
       LATERAL (SELECT clock_timestamp() - ($1::int - i + 1) * interval '1 hour' AS at) AS times`,
    [runs],
  );
  await client.query(
    `INSERT INTO run_step (run_id, index, key, title, status, started_at, ended_at)
     SELECT run.id, s, 'step-' || s, 'Step ' || s, 'succeeded', run.started_at, run.ended_at
     FROM run, generate_series(0, $1::int - 1) s WHERE NOT EXISTS (SELECT 1 FROM run_step WHERE run_id = run.id)`,
    [stepsPerRun],
  );
  await client.query(
    `INSERT INTO deployment (id, sequence, service, environment, release_id, direction, run_id, status, started_at,
       switched_at, validated_at, ended_at)
     SELECT gen_random_uuid(), -row_number() OVER (ORDER BY run.number DESC), run.service, run.environment,
       (SELECT release_id FROM deployment ORDER BY sequence DESC LIMIT 1), 'deploy', run.id, 'replaced',
       run.started_at, run.started_at, run.ended_at, run.ended_at
     FROM run WHERE procedure = 'deployments.deploy'
       AND NOT EXISTS (SELECT 1 FROM deployment d WHERE d.run_id = run.id)`,
  );
}

/** Most refused by somebody, the last five still open. */
async function fillApprovals(client: pg.Client, { approvals }: Amounts): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO run (id, procedure, title, service, environment, lock_key, status, params, plan, plan_hash,
       config_hash, reason, requested_by_type, requested_by_name, budget_ms, created_at, approval_required,
       approval_expires_at)
     SELECT gen_random_uuid(), procedure, title, service, environment, lock_key, 'awaiting_approval', params, plan,
       plan_hash || i, config_hash, 'Release train ' || i, 'user', 'Person ' || i % 40, budget_ms,
       clock_timestamp() - interval '1 minute', true, clock_timestamp() + interval '1 day'
     FROM (SELECT * FROM run ORDER BY number LIMIT 1) AS first, generate_series(1, $1::int) i RETURNING id`,
    [approvals],
  );
  const decided = rows.slice(5).map(({ id }) => id);
  await client.query(
    `INSERT INTO run_approval (run_id, plan_hash, decision, by_id, by_name, reason)
     SELECT run.id, plan_hash, 'refused', person.id, person.name, 'Not on a Friday'
     FROM run, (SELECT * FROM app_user ORDER BY email LIMIT 1) AS person WHERE run.id = ANY($1::uuid[])`,
    [decided],
  );
  await client.query(
    `UPDATE run SET status = 'cancelled', ended_at = clock_timestamp(), cancel_reason = 'Refused'
     WHERE id = ANY($1::uuid[])`,
    [decided],
  );
}

async function fillAudit(client: pg.Client, { auditRows }: Amounts): Promise<void> {
  await client.query(
    `INSERT INTO audit_entry (at, actor_type, actor_id, actor_name, action, target_type, target_id, target_label,
       service, environment, reason, details)
     SELECT clock_timestamp() - ($1::int - i) * interval '6 minutes', 'user', (i % 40)::text, 'Person ' || i % 40,
       (ARRAY['deployments.deploy.requested', 'deployments.rollback.requested', 'runs.cancel', 'auth.login',
              'environments.lock', 'environments.lift-lock', 'releases.mark', 'auth.logout'])[1 + i % 8],
       'run', i::text, '#' || i || ' Deploy v1.' || i % 50 || ' to production', 'shop', 'production',
       'Release train ' || i, '{}'
     FROM generate_series(1, $1::int) i`,
    [auditRows],
  );
}

async function fillPlanned(client: pg.Client, { drills, freezes, ticks }: Amounts): Promise<void> {
  await client.query(
    `INSERT INTO drill (id, service, environment, status, release_tag, restored_tag, deploy_run_id,
       requested_by_name, started_at, ended_at, rollback_ms, budget_ms)
     SELECT gen_random_uuid(), service, environment, 'succeeded', 'v1.3.0', 'v1.2.0', id, requested_by_name,
       started_at, ended_at, 4000 + number % 50 * 100, 90000
     FROM run WHERE environment = 'practice' AND started_at IS NOT NULL ORDER BY number DESC LIMIT $1`,
    [drills],
  );
  await client.query(
    `INSERT INTO freeze_window (id, service, environment, reason, starts_at, ends_at, created_at, created_by_name)
     SELECT gen_random_uuid(), 'shop', 'production', 'Sale ' || i, at, at + interval '8 hours', at, 'Person ' || i % 40
     FROM generate_series(1, $1::int) i, LATERAL (SELECT clock_timestamp() - i * interval '1 day' AS at) AS times`,
    [freezes],
  );
  await client.query(
    `INSERT INTO schedule (id, key, job, title, service, environment, cron, time_zone, paused_at, paused_by_name,
       pause_reason)
     VALUES (gen_random_uuid(), 'bench', 'deployments.drill', 'Rollback drill', 'shop', 'practice', '0 4 * * 1',
       'Europe/Paris', clock_timestamp(), 'Person 1', 'Nothing may start by itself while pages are measured')`,
  );
  await client.query(
    `INSERT INTO schedule_tick (schedule_id, due_at, status, reason, outcome)
     SELECT id, date_trunc('minute', clock_timestamp()) - i * interval '1 hour', 'skipped', 'The one before went on',
       NULL
     FROM schedule, generate_series(1, $1::int) i WHERE key = 'bench'`,
    [ticks],
  );
}

async function fillPeople(client: pg.Client, { people, tokensPerPerson }: Amounts): Promise<void> {
  await client.query(
    `INSERT INTO app_user (id, email, name, role)
     SELECT gen_random_uuid(), 'person-' || i || '@bench.example', 'Person ' || i,
       (ARRAY['viewer', 'responder', 'commander', 'manager', 'admin']::role[])[1 + i % 5]
     FROM generate_series(1, $1::int) i`,
    [people],
  );
  await client.query(
    `INSERT INTO api_token (id, name, hash, hint, user_id, scopes, created_by_name, expires_at)
     SELECT gen_random_uuid(), 'Token ' || i, md5(id::text || i) || md5(i || id::text), 'abcd', id,
       ARRAY['runs.read', 'deployments.read'], name, clock_timestamp() + interval '90 days'
     FROM app_user, generate_series(1, $1::int) i`,
    [tokensPerPerson],
  );
}

/** Skipped ones: nothing is sent while pages are measured. */
async function fillNotifications(client: pg.Client, { notifications }: Amounts): Promise<void> {
  await client.query(
    `INSERT INTO notification (id, channel, kind, subject, text, group_key, sequence, idempotency_key, created_at,
       mentions)
     SELECT gen_random_uuid(), (ARRAY['CRITICAL', 'ALERTS', 'SECURITY', 'BUSINESS', 'PERFORMANCE'])[1 + i % 5],
       'run.failed', 'Run #' || i || ' failed', 'Deploy v1.' || i % 50 || ' to production failed', 'bench-' || i % 500,
       1 + i / 500, 'bench-' || i, clock_timestamp() - ($1::int - i) * interval '10 minutes',
       ARRAY['tech-lead']
     FROM generate_series(1, $1::int) i`,
    [notifications],
  );
  await client.query(
    `INSERT INTO notification_delivery (notification_id, channel, group_key, sequence, state, reason, created_at,
       open_since, ended_at)
     SELECT id, channel, group_key, sequence, 'skipped', 'The channel has no address.', created_at, created_at,
       created_at
     FROM notification WHERE idempotency_key LIKE 'bench-%'`,
  );
}

/** Fired by the rules there are, in turn; all are over but the newest, which is acknowledged. */
async function fillAlerts(client: pg.Client, { alerts }: Amounts): Promise<void> {
  await client.query(
    `INSERT INTO alert (id, dedup_key, rule_id, rule_key, service, environment, title, cause, state, severity, channel,
       rule, value, traffic, explanation, chart, breach_since, opened_at, resolved_at, resolved_by_name,
       resolve_reason, acknowledged_at, acknowledged_by_name, acknowledge_note,
       acknowledged_until, notice)
     SELECT gen_random_uuid(), 'bench-' || i, rule.id, rule.key, 'shop', 'production', rule.title, 'breach',
       CASE WHEN i < $1::int THEN 'resolved' ELSE 'acknowledged' END, rule.severity, rule.channel,
       jsonb_build_object('key', rule.key, 'version', rule.version, 'words', rule.title, 'source', rule.source,
         'comparison', rule.comparison, 'threshold', rule.threshold, 'resolveThreshold', rule.resolve_threshold,
         'forSeconds', rule.for_seconds, 'minimumTraffic', rule.minimum_traffic, 'action', rule.action,
         'dryRun', rule.dry_run, 'mentions', rule.mentions),
       rule.threshold * 2, 1000, 'It stood at twice its limit.',
       (SELECT jsonb_build_object('stepSeconds', 10, 'points', jsonb_agg(jsonb_build_object(
           'at', to_char((at + (p - 60) * interval '10 seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'value', rule.threshold * p / 30)))
         FROM generate_series(0, 90) p),
       at - interval '2 minutes', at, CASE WHEN i < $1::int THEN at + interval '9 minutes' END,
       CASE WHEN i < $1::int THEN 'The console' END, CASE WHEN i < $1::int THEN 'It is well again.' END,
       at + interval '1 minute', 'Person ' || i % 40, 'Looking',
       clock_timestamp() + interval '1 hour', 'told'
     FROM generate_series(1, $1::int) i
       JOIN (SELECT *, row_number() OVER (ORDER BY key) - 1 AS place, count(*) OVER () AS many FROM alert_rule) AS rule
         ON rule.place = i % rule.many,
       LATERAL (SELECT clock_timestamp() - ($1::int - i + 1) * interval '20 minutes' AS at) AS times`,
    [alerts],
  );
  await client.query(
    `INSERT INTO alert_event (alert_id, kind, text, by_name, at)
     SELECT alert.id, kind, text, by_name, at FROM alert, LATERAL (VALUES
       ('fired', explanation, 'The console', opened_at),
       ('acknowledged', acknowledge_note, acknowledged_by_name, acknowledged_at)) AS moments (kind, text, by_name, at)
     WHERE dedup_key LIKE 'bench-%'`,
  );
}
