-- CreateTable
CREATE TABLE "automatic_rollback_attempt" (
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "release_id" UUID NOT NULL,
    "release_tag" TEXT NOT NULL,
    "alert_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "run_id" UUID,
    "refusal" TEXT,

    CONSTRAINT "automatic_rollback_attempt_pkey" PRIMARY KEY ("service","environment","release_id")
);

-- CreateTable
CREATE TABLE "alert_rule" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "service" TEXT,
    "environment" TEXT,
    "source" JSONB NOT NULL,
    "comparison" TEXT NOT NULL,
    "threshold" DOUBLE PRECISION NOT NULL,
    "resolve_threshold" DOUBLE PRECISION,
    "for_seconds" INTEGER NOT NULL,
    "minimum_traffic" DOUBLE PRECISION NOT NULL,
    "missing_data" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "mentions" TEXT[],
    "action" TEXT NOT NULL,
    "dry_run" BOOLEAN NOT NULL DEFAULT false,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "interval_seconds" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "updated_by_name" TEXT NOT NULL,

    CONSTRAINT "alert_rule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rule_state" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "rule_id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'inactive',
    "breach_since" TIMESTAMPTZ(3),
    "missing_since" TIMESTAMPTZ(3),
    "is_unknown" BOOLEAN NOT NULL DEFAULT false,
    "clear_since" TIMESTAMPTZ(3),
    "is_flapping" BOOLEAN NOT NULL DEFAULT false,
    "turns" TIMESTAMPTZ(3)[],
    "counts_from" TIMESTAMPTZ(3),
    "last_value" DOUBLE PRECISION,
    "last_traffic" DOUBLE PRECISION,
    "data_at" TIMESTAMPTZ(3),
    "evaluated_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "lease_until" TIMESTAMPTZ(3),
    "lease_token" UUID,

    CONSTRAINT "rule_state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert" (
    "id" UUID NOT NULL,
    "dedup_key" TEXT NOT NULL,
    "rule_id" UUID NOT NULL,
    "rule_key" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'firing',
    "severity" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "rule" JSONB NOT NULL,
    "value" DOUBLE PRECISION,
    "traffic" DOUBLE PRECISION,
    "explanation" TEXT NOT NULL,
    "chart" JSONB,
    "breach_since" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by_name" TEXT,
    "acknowledge_note" TEXT,
    "acknowledged_until" TIMESTAMPTZ(3),
    "resolved_at" TIMESTAMPTZ(3),
    "resolved_by_name" TEXT,
    "resolve_reason" TEXT,
    "is_flapping" BOOLEAN NOT NULL DEFAULT false,
    "notice" TEXT NOT NULL,
    "noticed_at" TIMESTAMPTZ(3),

    CONSTRAINT "alert_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert_event" (
    "id" BIGSERIAL NOT NULL,
    "alert_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "by_name" TEXT NOT NULL,
    "run_id" UUID,
    "details" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "dedup_key" TEXT,

    CONSTRAINT "alert_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "automatic_rollback_attempt_service_environment_at_idx" ON "automatic_rollback_attempt"("service", "environment", "at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "alert_rule_key_key" ON "alert_rule"("key");

-- CreateIndex
CREATE INDEX "rule_state_next_at_idx" ON "rule_state"("next_at");

-- CreateIndex
CREATE UNIQUE INDEX "rule_state_rule_id_service_environment_key" ON "rule_state"("rule_id", "service", "environment");

-- CreateIndex
CREATE INDEX "alert_opened_at_id_idx" ON "alert"("opened_at" DESC, "id");

-- CreateIndex
CREATE INDEX "alert_rule_id_opened_at_idx" ON "alert"("rule_id", "opened_at" DESC);

-- CreateIndex
CREATE INDEX "alert_service_environment_channel_noticed_at_idx" ON "alert"("service", "environment", "channel", "noticed_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "alert_event_dedup_key_key" ON "alert_event"("dedup_key");

-- CreateIndex
CREATE INDEX "alert_event_alert_id_id_idx" ON "alert_event"("alert_id", "id");

-- AddForeignKey
ALTER TABLE "rule_state" ADD CONSTRAINT "rule_state_rule_id_fkey" FOREIGN KEY ("rule_id") REFERENCES "alert_rule"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alert_event" ADD CONSTRAINT "alert_event_alert_id_fkey" FOREIGN KEY ("alert_id") REFERENCES "alert"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT, UPDATE ON alert_rule, alert, automatic_rollback_attempt TO ops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule_state TO ops_app;
GRANT SELECT, INSERT ON alert_event TO ops_app;
GRANT USAGE ON SEQUENCE alert_event_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE alert_rule
  ADD CONSTRAINT alert_rule_key_check CHECK (key ~ '^[a-z][a-z0-9-]{1,59}$'),
  ADD CONSTRAINT alert_rule_title_check CHECK (btrim(title) <> ''),
  ADD CONSTRAINT alert_rule_comparison_check CHECK (comparison IN ('>', '>=', '<', '<=')),
  ADD CONSTRAINT alert_rule_for_seconds_check CHECK (for_seconds BETWEEN 0 AND 86400),
  ADD CONSTRAINT alert_rule_minimum_traffic_check CHECK (minimum_traffic >= 0),
  ADD CONSTRAINT alert_rule_interval_seconds_check CHECK (interval_seconds BETWEEN 1 AND 3600),
  ADD CONSTRAINT alert_rule_missing_data_check CHECK (missing_data IN ('unknown', 'ok', 'breach')),
  ADD CONSTRAINT alert_rule_severity_check CHECK (severity IN ('critical', 'warning', 'info')),
  ADD CONSTRAINT alert_rule_channel_check CHECK (channel IN ('CRITICAL', 'ALERTS', 'SECURITY', 'BUSINESS', 'PERFORMANCE')),
  ADD CONSTRAINT alert_rule_action_check CHECK (action IN ('none', 'rollback', 'rollback_and_lockdown')),
  -- Nothing acts by itself on what was not measured.
  ADD CONSTRAINT alert_rule_action_data_check CHECK (action = 'none' OR missing_data <> 'breach'),
  ADD CONSTRAINT alert_rule_place_check CHECK (environment IS NULL OR service IS NOT NULL);
ALTER TABLE rule_state
  ADD CONSTRAINT rule_state_state_check CHECK (state IN ('inactive', 'pending', 'firing')),
  ADD CONSTRAINT rule_state_breach_since_check CHECK ((state = 'inactive') = (breach_since IS NULL)),
  ADD CONSTRAINT rule_state_unknown_check CHECK (NOT is_unknown OR missing_since IS NOT NULL);
ALTER TABLE alert
  ADD CONSTRAINT alert_state_check CHECK (state IN ('firing', 'acknowledged', 'resolved')),
  ADD CONSTRAINT alert_cause_check CHECK (cause IN ('breach', 'no_data')),
  ADD CONSTRAINT alert_notice_check CHECK (notice IN ('waiting', 'told', 'none')),
  ADD CONSTRAINT alert_explanation_check CHECK (btrim(explanation) <> ''),
  -- A resolved alert stays resolved, and says by whom and why.
  ADD CONSTRAINT alert_resolved_check
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL) AND (state = 'resolved') = (resolved_by_name IS NOT NULL)),
  ADD CONSTRAINT alert_acknowledged_check
    CHECK (state <> 'acknowledged' OR (acknowledged_at IS NOT NULL AND acknowledged_by_name IS NOT NULL AND acknowledged_until IS NOT NULL));
ALTER TABLE alert_event
  ADD CONSTRAINT alert_event_kind_check
    CHECK (kind IN ('fired', 'acknowledged', 'ack_expired', 'flapping', 'resolved', 'notice', 'action', 'decision'));

-- One open alert of a key, whoever opens it.
CREATE UNIQUE INDEX alert_open_key ON alert (dedup_key) WHERE state <> 'resolved';
-- What people see first, and what is still to be told.
CREATE INDEX alert_open_idx ON alert (opened_at DESC) WHERE state <> 'resolved';
CREATE INDEX alert_waiting_idx ON alert (service, environment, channel) WHERE notice = 'waiting';

-- The triggers and alerts of the operating procedures. People change them as they see fit.
INSERT INTO alert_rule (id, key, title, source, comparison, threshold, resolve_threshold, for_seconds, minimum_traffic,
  missing_data, severity, channel, mentions, action, interval_seconds, updated_by_name)
SELECT gen_random_uuid(), r.* FROM (VALUES
  ('error-rate-critical', 'Error rate above 5 %',
   '{"type": "metric", "windowSeconds": 15, "measure": {"kind": "ratio", "numerator": {"metric": "http_requests_total", "labels": {"status": "5xx"}}, "denominator": {"metric": "http_requests_total"}}}'::jsonb,
   '>', 5, 2.5, 120, 20, 'unknown', 'critical', 'CRITICAL', ARRAY['tech-lead', 'devops'], 'rollback', 1, 'The operating procedures'),
  ('response-time-critical', 'Response time (p95) above 3 s',
   '{"type": "metric", "windowSeconds": 30, "measure": {"kind": "quantile", "metric": "http_request_duration_seconds", "q": 0.95, "scale": 1000}}'::jsonb,
   '>', 3000, NULL, 300, 20, 'unknown', 'critical', 'CRITICAL', ARRAY['tech-lead', 'devops'], 'rollback', 1, 'The operating procedures'),
  ('health-critical', 'Health check failed three times in a row',
   '{"type": "check", "checkKey": "health"}'::jsonb,
   '>=', 3, NULL, 0, 0, 'unknown', 'critical', 'CRITICAL', ARRAY['tech-lead', 'devops'], 'rollback', 1, 'The operating procedures'),
  ('security-breach', 'Ten SQL injection attempts within ten minutes',
   '{"type": "events", "eventKind": "sql_injection", "windowSeconds": 600}'::jsonb,
   '>=', 10, 1, 0, 0, 'ok', 'critical', 'SECURITY', ARRAY['security-team', 'tech-lead'], 'rollback_and_lockdown', 1, 'The operating procedures'),
  ('health-alert', 'Health check fails',
   '{"type": "check", "checkKey": "health"}'::jsonb,
   '>=', 2, NULL, 0, 0, 'unknown', 'critical', 'CRITICAL', ARRAY['tech-lead', 'devops'], 'none', 1, 'The operating procedures'),
  ('error-rate-alert', 'Error rate above 2 %',
   '{"type": "metric", "windowSeconds": 30, "measure": {"kind": "ratio", "numerator": {"metric": "http_requests_total", "labels": {"status": "5xx"}}, "denominator": {"metric": "http_requests_total"}}}'::jsonb,
   '>', 2, 1, 60, 20, 'unknown', 'warning', 'ALERTS', ARRAY[]::text[], 'none', 5, 'The operating procedures'),
  ('security-alert', 'Hostile requests',
   '{"type": "events", "eventKind": "any", "windowSeconds": 600}'::jsonb,
   '>=', 3, 1, 0, 0, 'ok', 'warning', 'SECURITY', ARRAY['security-team', 'tech-lead'], 'none', 5, 'The operating procedures'),
  ('payment-failures', 'Payment failures above 5 %',
   '{"type": "metric", "windowSeconds": 300, "measure": {"kind": "ratio", "numerator": {"metric": "shop_payment_failures_total"}, "denominator": {"metric": "shop_payment_attempts_total"}}}'::jsonb,
   '>', 5, NULL, 0, 20, 'ok', 'warning', 'BUSINESS', ARRAY[]::text[], 'none', 10, 'The operating procedures')
) AS r;
