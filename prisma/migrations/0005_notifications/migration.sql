-- CreateTable
CREATE TABLE "notification" (
    "id" UUID NOT NULL,
    "channel" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "fields" JSONB NOT NULL DEFAULT '[]',
    "mentions" TEXT[],
    "is_resolved" BOOLEAN NOT NULL DEFAULT false,
    "link" TEXT,
    "group_key" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "request_id" TEXT,

    CONSTRAINT "notification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification_delivery" (
    "notification_id" UUID NOT NULL,
    "channel" TEXT NOT NULL,
    "group_key" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "reason" TEXT,
    "last_status" INTEGER,
    "lease_until" TIMESTAMPTZ(3),
    "worker_id" UUID,
    "unmapped" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "open_since" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_delivery_pkey" PRIMARY KEY ("notification_id")
);

-- CreateTable
CREATE TABLE "notification_attempt" (
    "notification_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "status" INTEGER,
    "reason" TEXT,
    "worker_id" UUID,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "notification_attempt_pkey" PRIMARY KEY ("notification_id","attempt")
);

-- CreateTable
CREATE TABLE "notification_channel" (
    "channel" TEXT NOT NULL,
    "muted_until" TIMESTAMPTZ(3),
    "muted_by_name" TEXT,
    "mute_reason" TEXT,
    "hold_until" TIMESTAMPTZ(3),
    "hold_reason" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_channel_pkey" PRIMARY KEY ("channel")
);

-- CreateTable
CREATE TABLE "notification_mention" (
    "handle" TEXT NOT NULL,
    "slack_id" TEXT,
    "changed_at" TIMESTAMPTZ(3),
    "changed_by_name" TEXT,

    CONSTRAINT "notification_mention_pkey" PRIMARY KEY ("handle")
);

-- CreateIndex
CREATE UNIQUE INDEX "notification_idempotency_key_key" ON "notification"("idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "notification_group_key_sequence_key" ON "notification"("group_key", "sequence");

-- CreateIndex
CREATE INDEX "notification_delivery_created_at_notification_id_idx" ON "notification_delivery"("created_at" DESC, "notification_id");

-- CreateIndex
CREATE INDEX "notification_delivery_state_created_at_idx" ON "notification_delivery"("state", "created_at" DESC);

-- CreateIndex
CREATE INDEX "notification_delivery_channel_created_at_idx" ON "notification_delivery"("channel", "created_at" DESC);

-- AddForeignKey
ALTER TABLE "notification_delivery" ADD CONSTRAINT "notification_delivery_notification_id_fkey" FOREIGN KEY ("notification_id") REFERENCES "notification"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification_attempt" ADD CONSTRAINT "notification_attempt_notification_id_fkey" FOREIGN KEY ("notification_id") REFERENCES "notification"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT ON notification, notification_attempt TO ops_app;
GRANT SELECT, INSERT, UPDATE ON notification_delivery TO ops_app;
GRANT SELECT, UPDATE ON notification_channel TO ops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notification_mention TO ops_app;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notification_attempt
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE notification
  ADD CONSTRAINT notification_channel_check CHECK (channel IN ('CRITICAL', 'ALERTS', 'SECURITY', 'BUSINESS', 'PERFORMANCE')),
  ADD CONSTRAINT notification_sequence_check CHECK (sequence > 0),
  ADD CONSTRAINT notification_group_key_check CHECK (group_key <> ''),
  -- A path on this console, never somebody else's host.
  ADD CONSTRAINT notification_link_check CHECK (link ~ '^/([^/\\]|$)');
ALTER TABLE notification_delivery
  ADD CONSTRAINT notification_delivery_state_check CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'skipped')),
  ADD CONSTRAINT notification_delivery_attempts_check CHECK (attempts >= 0),
  -- What is being sent has a lease that ends some day, and nothing else has one.
  ADD CONSTRAINT notification_delivery_lease_check
    CHECK ((state = 'sending') = (lease_until IS NOT NULL) AND (state = 'sending') = (worker_id IS NOT NULL)),
  ADD CONSTRAINT notification_delivery_ended_at_check CHECK ((ended_at IS NOT NULL) = (state IN ('sent', 'failed', 'skipped'))),
  ADD CONSTRAINT notification_delivery_reason_check CHECK (state NOT IN ('failed', 'skipped') OR btrim(reason) <> '');
ALTER TABLE notification_attempt
  ADD CONSTRAINT notification_attempt_attempt_check CHECK (attempt > 0),
  ADD CONSTRAINT notification_attempt_outcome_check
    CHECK (outcome IN ('sent', 'again', 'wait', 'refused', 'skipped', 'unknown'));
ALTER TABLE notification_channel
  ADD CONSTRAINT notification_channel_channel_check CHECK (channel IN ('CRITICAL', 'ALERTS', 'SECURITY', 'BUSINESS', 'PERFORMANCE')),
  ADD CONSTRAINT notification_channel_failures_check CHECK (failures >= 0),
  ADD CONSTRAINT notification_channel_mute_check
    CHECK ((muted_until IS NULL) = (muted_by_name IS NULL) AND (muted_until IS NULL) = (mute_reason IS NULL));
ALTER TABLE notification_mention
  ADD CONSTRAINT notification_mention_handle_check CHECK (handle ~ '^[a-z0-9][a-z0-9._-]{0,59}$'),
  ADD CONSTRAINT notification_mention_slack_id_check CHECK (slack_id ~ '^[UWS][A-Z0-9]{2,20}$');

-- One message of a group is on its way at a time: order is the database's to keep, whatever the workers do.
CREATE UNIQUE INDEX notification_delivery_one_sending_key ON notification_delivery (group_key) WHERE state = 'sending';
-- What a sender looks for, and what holds it up.
CREATE INDEX notification_delivery_due_idx ON notification_delivery (channel, created_at) WHERE state IN ('pending', 'sending');
CREATE INDEX notification_delivery_open_idx ON notification_delivery (group_key, sequence) WHERE state IN ('pending', 'sending');

INSERT INTO notification_channel (channel) VALUES ('CRITICAL'), ('ALERTS'), ('SECURITY'), ('BUSINESS'), ('PERFORMANCE');
-- The handles that the operating procedures use. Whom they ring is for the settings to say.
INSERT INTO notification_mention (handle) VALUES ('tech-lead'), ('devops'), ('security-team');
