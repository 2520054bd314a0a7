-- CreateTable
CREATE TABLE "toggle" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "started_by_type" TEXT NOT NULL,
    "started_by_id" TEXT,
    "started_by_name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "expires_at" TIMESTAMPTZ(3),
    "run_id" UUID,
    "verification" TEXT NOT NULL,
    "verified_at" TIMESTAMPTZ(3),
    "verification_note" TEXT,
    "ended_at" TIMESTAMPTZ(3),
    "ended_by_name" TEXT,
    "end_reason" TEXT,
    "end_run_id" UUID,

    CONSTRAINT "toggle_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "security_event" (
    "id" BIGSERIAL NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "source_ip" TEXT,
    "method" TEXT,
    "path" TEXT,
    "evidence" TEXT,
    "dedup_key" TEXT NOT NULL,

    CONSTRAINT "security_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_cursor" (
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "inode" TEXT NOT NULL,
    "offset" BIGINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "log_cursor_pkey" PRIMARY KEY ("service","environment","file")
);

-- CreateIndex
CREATE INDEX "toggle_service_environment_started_at_idx" ON "toggle"("service", "environment", "started_at" DESC);

-- CreateIndex
CREATE INDEX "security_event_service_environment_kind_at_idx" ON "security_event"("service", "environment", "kind", "at" DESC);

-- CreateIndex
CREATE INDEX "security_event_at_idx" ON "security_event"("at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "security_event_service_environment_dedup_key_key" ON "security_event"("service", "environment", "dedup_key");

GRANT SELECT, INSERT, UPDATE ON toggle, log_cursor TO ops_app;
GRANT DELETE ON log_cursor TO ops_app;
GRANT SELECT, INSERT ON security_event TO ops_app;
GRANT USAGE ON SEQUENCE security_event_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One open toggle of a kind in an environment.
CREATE UNIQUE INDEX toggle_open_key ON toggle (service, environment, kind) WHERE ended_at IS NULL;
ALTER TABLE toggle
  ADD CONSTRAINT toggle_kind_check CHECK (kind IN ('maintenance', 'lockdown', 'enhanced_monitoring')),
  ADD CONSTRAINT toggle_verification_check CHECK (verification IN ('pending', 'verified', 'unverified')),
  ADD CONSTRAINT toggle_reason_check CHECK (btrim(reason) <> ''),
  ADD CONSTRAINT toggle_expires_at_check CHECK (expires_at IS NULL OR expires_at > started_at),
  -- More often looked at for ever is nobody's wish.
  ADD CONSTRAINT toggle_enhanced_until_check CHECK (kind <> 'enhanced_monitoring' OR expires_at IS NOT NULL),
  -- Nobody unlocks a breached shop but a person.
  ADD CONSTRAINT toggle_lockdown_until_check CHECK (kind <> 'lockdown' OR expires_at IS NULL),
  ADD CONSTRAINT toggle_ended_check CHECK ((ended_at IS NULL) = (ended_by_name IS NULL));
ALTER TABLE security_event
  ADD CONSTRAINT security_event_kind_check CHECK (kind ~ '^[a-z][a-z0-9_]{1,39}$'),
  ADD CONSTRAINT security_event_dedup_key_check CHECK (length(dedup_key) BETWEEN 1 AND 200);
ALTER TABLE log_cursor ADD CONSTRAINT log_cursor_offset_check CHECK ("offset" >= 0);
