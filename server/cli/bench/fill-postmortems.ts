import type pg from 'pg';
import { SECTION_KEYS } from '#server/postmortems/words/contract';

/**
 * Resolved incidents of level 1 and 2, each with a timeline, a post-mortem of three revisions and two action items; one in
 * ten still waits for its review.
 */
export async function fillPostmortems(client: pg.Client, count: number): Promise<void> {
  const text = 'The cache had **no limit**, so memory ran out.\n\n- first\n- second\n\n'.repeat(3);
  const sections = Object.fromEntries(SECTION_KEYS.map((key) => [key, text]));
  await client.query(
    `INSERT INTO incident (id, title, level, state, service, environment, started_at, detected_at, resolved_at,
       declared_by_name, cause)
     SELECT gen_random_uuid(), 'Checkout fails, once more: ' || i, 1 + i % 2, 'resolved', 'shop', 'production', at, at,
       at + interval '40 minutes', 'Person ' || i % 40, 'person'
     FROM generate_series(1, $1::int) i,
       LATERAL (SELECT clock_timestamp() - ($1::int - i + 1) * interval '2 hours' AS at) AS times`,
    [count],
  );
  await client.query(
    `INSERT INTO incident_entry (incident_id, kind, text, occurred_at, recorded_at, author_name)
     SELECT id, 'note', 'A look at it, number ' || n, started_at + n * interval '1 minute',
       started_at + n * interval '1 minute', declared_by_name
     FROM incident, generate_series(1, 10) n WHERE title LIKE 'Checkout fails, once more: %'`,
  );
  await client.query(
    `INSERT INTO postmortem (id, incident_id, state, version, revision, created_at, created_by_name, changed_at, published_at, published_revision)
     SELECT gen_random_uuid(), id, CASE WHEN number % 10 = 0 THEN 'in_review' ELSE 'published' END, 6, 3, resolved_at,
       'The console', resolved_at, CASE WHEN number % 10 > 0 THEN resolved_at END, CASE WHEN number % 10 > 0 THEN 3 END
     FROM incident WHERE title LIKE 'Checkout fails, once more: %'`,
  );
  await client.query(
    `INSERT INTO postmortem_revision (postmortem_id, number, sections, author_name, created_at)
     SELECT id, n, $1::jsonb, 'Person ' || n, created_at FROM postmortem, generate_series(1, 3) n`,
    [JSON.stringify(sections)],
  );
  await client.query(
    `INSERT INTO postmortem_decision (postmortem_id, kind, revision, person_name, decided_at)
     SELECT id, kind, 3, 'Person 2', created_at
     FROM postmortem, unnest(ARRAY['submitted', 'approved', 'published']) kind
     WHERE kind = 'submitted' OR state = 'published'`,
  );
  await client.query(
    `INSERT INTO action_item (id, postmortem_id, title, owner_id, owner_name, due_on, state, created_by_name, ended_at)
     SELECT gen_random_uuid(), p.id, 'Give the cache a limit, part ' || n, u.id, u.name,
       (clock_timestamp() + (n * 20 - 30) * interval '1 day')::date,
       CASE WHEN i.number % 10 = 0 THEN 'open' ELSE 'done' END, 'Person 1',
       CASE WHEN i.number % 10 > 0 THEN p.created_at END
     FROM postmortem p JOIN incident i ON i.id = p.incident_id, generate_series(1, 2) n,
       LATERAL (SELECT id, name FROM app_user ORDER BY id LIMIT 1) u`,
  );
}
