-- What a Prisma schema cannot say: the serving role and its rights, append-only tables, partial unique indexes, checks.

-- The role that serves. Roles belong to the whole server, so another database may have made it, even at this moment.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ops_app') THEN
    CREATE ROLE ops_app NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'role % may not create the role ops_app; as an administrator run: CREATE ROLE ops_app NOLOGIN; GRANT ops_app TO %;',
      current_user, quote_ident(current_user) USING ERRCODE = 'insufficient_privilege';
END $$;

-- One login may own and serve: serving connections take the role ops_app.
DO $$
BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT ops_app TO %I', current_user);
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN
    IF NOT pg_has_role(current_user, 'ops_app', 'MEMBER') THEN
      RAISE EXCEPTION 'role % is no member of ops_app and may not become one; as an administrator run: GRANT ops_app TO %;',
        current_user, quote_ident(current_user) USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

GRANT USAGE ON SCHEMA public TO ops_app;
GRANT SELECT ON _prisma_migrations TO ops_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ops_app;

-- History: read and append.
GRANT SELECT, INSERT ON audit_entry, event, run_log, release_mark TO ops_app;
-- Records that change but never go.
GRANT SELECT, INSERT, UPDATE ON app_user, release, deployment, environment_lock, run, run_step TO ops_app;
-- Working rows.
GRANT SELECT, INSERT, UPDATE, DELETE ON session, setup_link, event_delivery, worker TO ops_app;
GRANT SELECT, INSERT, DELETE ON login_failure TO ops_app;

-- History stays as written whoever asks, the owner included.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON run_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON release_mark
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Single flight: one run per lock key that has not ended, besides those that a later one supersedes.
CREATE UNIQUE INDEX run_single_flight_key ON run (lock_key)
  WHERE status IN ('queued', 'running', 'cancelling', 'needs_attention') AND superseded_by_run_id IS NULL;
-- One holder: a superseding run stays queued until the run it supersedes has ended.
CREATE UNIQUE INDEX run_one_holder_key ON run (lock_key) WHERE status IN ('running', 'cancelling');
CREATE UNIQUE INDEX environment_lock_open_key ON environment_lock (service, environment) WHERE lifted_at IS NULL;

ALTER TABLE app_user ADD CONSTRAINT app_user_email_check CHECK (email = lower(email) AND email <> '');
ALTER TABLE audit_entry ADD CONSTRAINT audit_entry_actor_type_check CHECK (actor_type IN ('user', 'system', 'anonymous'));
ALTER TABLE deployment ADD CONSTRAINT deployment_direction_check CHECK (direction IN ('deploy', 'rollback'));
ALTER TABLE environment_lock
  ADD CONSTRAINT environment_lock_reason_check CHECK (btrim(reason) <> ''),
  ADD CONSTRAINT environment_lock_lifted_check CHECK ((lifted_at IS NULL) = (lifted_by_name IS NULL));
ALTER TABLE release
  ADD CONSTRAINT release_schema_version_check
    CHECK (oldest_compatible_schema_version >= 0 AND schema_version >= oldest_compatible_schema_version);
ALTER TABLE release_mark ADD CONSTRAINT release_mark_verdict_check CHECK (verdict IN ('stable', 'faulty', 'none'));
ALTER TABLE run
  ADD CONSTRAINT run_budget_ms_check CHECK (budget_ms > 0),
  ADD CONSTRAINT run_fence_check CHECK (fence >= 0),
  ADD CONSTRAINT run_last_log_seq_check CHECK (last_log_seq >= 0),
  ADD CONSTRAINT run_superseded_by_run_id_check CHECK (superseded_by_run_id <> id),
  -- A run that runs has a holder whose lease ends some day: otherwise nobody could take it over.
  ADD CONSTRAINT run_lease_check CHECK (status <> 'running' OR (worker_id IS NOT NULL AND lease_until IS NOT NULL)),
  ADD CONSTRAINT run_ended_at_check
    CHECK (status NOT IN ('succeeded', 'failed', 'cancelled', 'timed_out') OR ended_at IS NOT NULL);
ALTER TABLE run_step
  ADD CONSTRAINT run_step_index_check CHECK (index >= 0),
  ADD CONSTRAINT run_step_attempt_check CHECK (attempt >= 0);
ALTER TABLE run_log
  ADD CONSTRAINT run_log_seq_check CHECK (seq > 0),
  ADD CONSTRAINT run_log_stream_check CHECK (stream IN ('stdout', 'stderr', 'system'));
ALTER TABLE event_delivery ADD CONSTRAINT event_delivery_attempts_check CHECK (attempts >= 0);
-- Visitors are on one deployment of an environment.
CREATE UNIQUE INDEX deployment_current_key ON deployment (service, environment) WHERE status IN ('switched', 'live', 'invalid');
