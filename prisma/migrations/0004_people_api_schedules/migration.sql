-- AlterTable
ALTER TABLE "setup_link" ADD COLUMN     "user_id" UUID;

-- AlterTable
ALTER TABLE "run" ADD COLUMN     "approval_expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "approval_required" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "config_hash" TEXT;

-- CreateTable
CREATE TABLE "api_token" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_by_name" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "last_used_ip" TEXT,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by_name" TEXT,

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "freeze_window" (
    "id" UUID NOT NULL,
    "service" TEXT,
    "environment" TEXT,
    "reason" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3),
    "cron" TEXT,
    "time_zone" TEXT,
    "duration_minutes" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_by_id" TEXT,
    "created_by_name" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by_name" TEXT,
    "end_reason" TEXT,

    CONSTRAINT "freeze_window_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "drill" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "release_tag" TEXT NOT NULL,
    "restored_tag" TEXT NOT NULL,
    "deploy_run_id" UUID NOT NULL,
    "rollback_run_id" UUID,
    "requested_by_name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "ended_at" TIMESTAMPTZ(3),
    "rollback_ms" INTEGER,
    "budget_ms" INTEGER NOT NULL,
    "error" TEXT,

    CONSTRAINT "drill_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_record" (
    "sender" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "result" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("sender","key")
);

-- CreateTable
CREATE TABLE "run_approval" (
    "run_id" UUID NOT NULL,
    "plan_hash" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "by_id" TEXT NOT NULL,
    "by_name" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "run_approval_pkey" PRIMARY KEY ("run_id")
);

-- CreateTable
CREATE TABLE "schedule" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "params" JSONB NOT NULL DEFAULT '{}',
    "cron" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "overlap" TEXT NOT NULL DEFAULT 'skip',
    "missed" TEXT NOT NULL DEFAULT 'skip',
    "paused_at" TIMESTAMPTZ(3),
    "paused_by_name" TEXT,
    "pause_reason" TEXT,
    "settled_until" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "changed_at" TIMESTAMPTZ(3),
    "changed_by_name" TEXT,

    CONSTRAINT "schedule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_tick" (
    "id" BIGSERIAL NOT NULL,
    "schedule_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "by_name" TEXT,
    "outcome" JSONB,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "schedule_tick_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "deployment_release_id_service_environment_sequence_idx" ON "deployment"("release_id", "service", "environment", "sequence" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "api_token_hash_key" ON "api_token"("hash");

-- CreateIndex
CREATE INDEX "api_token_user_id_idx" ON "api_token"("user_id");

-- CreateIndex
CREATE INDEX "freeze_window_ends_at_idx" ON "freeze_window"("ends_at");

-- CreateIndex
CREATE UNIQUE INDEX "drill_deploy_run_id_key" ON "drill"("deploy_run_id");

-- CreateIndex
CREATE UNIQUE INDEX "drill_rollback_run_id_key" ON "drill"("rollback_run_id");

-- CreateIndex
CREATE INDEX "drill_service_environment_started_at_idx" ON "drill"("service", "environment", "started_at" DESC);

-- CreateIndex
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "schedule_key_key" ON "schedule"("key");

-- CreateIndex
CREATE INDEX "schedule_tick_schedule_id_due_at_idx" ON "schedule_tick"("schedule_id", "due_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "schedule_tick_schedule_id_due_at_key" ON "schedule_tick"("schedule_id", "due_at");

-- AddForeignKey
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "setup_link" ADD CONSTRAINT "setup_link_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_approval" ADD CONSTRAINT "run_approval_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedule_tick" ADD CONSTRAINT "schedule_tick_schedule_id_fkey" FOREIGN KEY ("schedule_id") REFERENCES "schedule"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ops_app;
GRANT SELECT, INSERT ON run_approval TO ops_app;
GRANT SELECT, INSERT, UPDATE ON api_token, freeze_window, drill, schedule, schedule_tick TO ops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_record TO ops_app;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON run_approval
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Two people: a run that needs an approval goes on only when somebody else has approved the plan that it carries, in
-- time. Whoever writes the row, and by whichever way it comes to be queued.
CREATE FUNCTION require_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.approval_required AND NEW.status::text <> 'awaiting_approval' THEN
      RAISE EXCEPTION 'run % needs an approval before it is queued', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.approval_required AND (NOT NEW.approval_required OR NEW.procedure <> OLD.procedure
      OR NEW.service <> OLD.service OR NEW.environment <> OLD.environment OR NEW.lock_key <> OLD.lock_key
      OR NEW.plan_hash <> OLD.plan_hash OR NEW.plan <> OLD.plan OR NEW.params <> OLD.params
      OR NEW.requested_by_type <> OLD.requested_by_type
      OR NEW.requested_by_id IS DISTINCT FROM OLD.requested_by_id
      OR NEW.approval_expires_at IS DISTINCT FROM OLD.approval_expires_at) THEN
    RAISE EXCEPTION 'run % needs an approval: what was asked for stays as it was', NEW.id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.approval_required AND NEW.status <> OLD.status
     AND NEW.status::text NOT IN ('awaiting_approval', 'cancelled')
     AND NOT EXISTS (
       SELECT 1 FROM run_approval a
       WHERE a.run_id = NEW.id AND a.decision = 'approved' AND a.plan_hash = NEW.plan_hash
         AND a.by_id IS DISTINCT FROM NEW.requested_by_id
         AND a.at <= NEW.approval_expires_at) THEN
    RAISE EXCEPTION 'run % has no approval by a second person', NEW.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER two_people BEFORE INSERT OR UPDATE ON run FOR EACH ROW EXECUTE FUNCTION require_approval();

-- A decision is made now, about a run that awaits it, by a person of this console who did not ask for it.
CREATE FUNCTION check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  asked run%ROWTYPE;
BEGIN
  NEW.at := clock_timestamp();
  SELECT * INTO asked FROM run WHERE id = NEW.run_id FOR UPDATE;
  IF asked.status::text IS DISTINCT FROM 'awaiting_approval' OR asked.approval_expires_at < NEW.at THEN
    RAISE EXCEPTION 'run % awaits no approval', NEW.run_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF asked.plan_hash <> NEW.plan_hash THEN
    RAISE EXCEPTION 'run % has another plan', NEW.run_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF asked.requested_by_id = NEW.by_id OR NOT EXISTS (
       SELECT 1 FROM app_user u WHERE u.id::text = NEW.by_id AND u.disabled_at IS NULL) THEN
    RAISE EXCEPTION 'run % needs a second person', NEW.run_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER second_person BEFORE INSERT ON run_approval FOR EACH ROW EXECUTE FUNCTION check_approval();

-- The same plan asked for twice is one run, also while it awaits its approval.
CREATE UNIQUE INDEX run_awaiting_key ON run (lock_key, plan_hash) WHERE status = 'awaiting_approval';
CREATE INDEX run_approval_required_idx ON run (created_at DESC) WHERE approval_required;

ALTER TABLE run ADD CONSTRAINT run_approval_expires_at_check CHECK (NOT approval_required OR approval_expires_at IS NOT NULL);
ALTER TABLE run_approval ADD CONSTRAINT run_approval_decision_check CHECK (decision IN ('approved', 'refused'));
ALTER TABLE api_token
  ADD CONSTRAINT api_token_scopes_check CHECK (cardinality(scopes) > 0),
  ADD CONSTRAINT api_token_expires_at_check CHECK (expires_at > created_at);
ALTER TABLE freeze_window
  ADD CONSTRAINT freeze_window_reason_check CHECK (btrim(reason) <> ''),
  ADD CONSTRAINT freeze_window_when_check CHECK (
    (starts_at IS NOT NULL AND ends_at > starts_at AND cron IS NULL AND time_zone IS NULL AND duration_minutes IS NULL)
    OR (starts_at IS NULL AND ends_at IS NULL AND cron IS NOT NULL AND time_zone IS NOT NULL AND duration_minutes > 0)),
  ADD CONSTRAINT freeze_window_ended_check CHECK ((ended_at IS NULL) = (ended_by_name IS NULL));
ALTER TABLE schedule
  ADD CONSTRAINT schedule_overlap_check CHECK (overlap IN ('skip', 'wait')),
  ADD CONSTRAINT schedule_missed_check CHECK (missed IN ('skip', 'run_once'));
ALTER TABLE schedule_tick
  ADD CONSTRAINT schedule_tick_status_check CHECK (status IN ('waiting', 'started', 'skipped', 'missed', 'failed'));
ALTER TABLE drill
  ADD CONSTRAINT drill_status_check CHECK (status IN ('deploying', 'rolling_back', 'succeeded', 'failed')),
  ADD CONSTRAINT drill_ended_at_check CHECK ((ended_at IS NULL) = (status IN ('deploying', 'rolling_back')));
-- One rehearsal of an environment at a time.
CREATE UNIQUE INDEX drill_open_key ON drill (service, environment) WHERE ended_at IS NULL;

-- The audit log is searched by parts of words. The index only makes it fast, so a server without pg_trgm does without.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX audit_entry_search_idx ON audit_entry USING gin ((action || E'\n' || actor_name || E'\n' ||
    coalesce(target_label, '') || E'\n' || coalesce(target_id, '') || E'\n' || coalesce(reason, '')) gin_trgm_ops);
EXCEPTION
  WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm is not available: searching the audit log reads all of it';
END $$;
