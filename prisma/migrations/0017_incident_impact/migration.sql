-- CreateTable
CREATE TABLE "incident_impact" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "method" TEXT,
    "method_version" INTEGER,
    "inputs" JSONB,
    "span_from" TIMESTAMPTZ(3) NOT NULL,
    "span_until" TIMESTAMPTZ(3) NOT NULL,
    "currency" TEXT,
    "revenue_low_minor" BIGINT,
    "revenue_high_minor" BIGINT,
    "revenue_problem" TEXT,
    "users_low" INTEGER,
    "users_high" INTEGER,
    "users_problem" TEXT,
    "reason" TEXT,
    "author_id" UUID,
    "author_name" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "dedup_key" TEXT,

    CONSTRAINT "incident_impact_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "incident_impact_dedup_key_key" ON "incident_impact"("dedup_key");

-- CreateIndex
CREATE INDEX "incident_impact_incident_id_id_idx" ON "incident_impact"("incident_id", "id");

-- AddForeignKey
ALTER TABLE "incident_impact" ADD CONSTRAINT "incident_impact_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT ON incident_impact TO ops_app;
GRANT USAGE ON SEQUENCE incident_impact_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_impact
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE incident_impact
  ADD CONSTRAINT incident_impact_kind_check CHECK (kind IN ('estimate', 'override')),
  ADD CONSTRAINT incident_impact_span_check CHECK (span_from <= span_until),
  ADD CONSTRAINT incident_impact_method_check CHECK ((kind = 'estimate') = (method IS NOT NULL) AND (method IS NULL) = (method_version IS NULL)),
  ADD CONSTRAINT incident_impact_reason_check CHECK ((kind = 'override') = (reason IS NOT NULL) AND btrim(reason) <> ''),
  ADD CONSTRAINT incident_impact_author_check CHECK (kind = 'estimate' OR author_id IS NOT NULL),
  ADD CONSTRAINT incident_impact_currency_check CHECK (currency ~ '^[A-Z]{3}$' AND (revenue_low_minor IS NULL OR currency IS NOT NULL)),
  -- Either a range or, of an estimate, why there is none: never a figure that nobody could reckon.
  ADD CONSTRAINT incident_impact_revenue_check CHECK (
    (revenue_low_minor IS NULL) = (revenue_high_minor IS NULL) AND 0 <= revenue_low_minor AND revenue_low_minor <= revenue_high_minor
    AND NOT (revenue_low_minor IS NOT NULL AND revenue_problem IS NOT NULL)),
  ADD CONSTRAINT incident_impact_users_check CHECK (
    (users_low IS NULL) = (users_high IS NULL) AND 0 <= users_low AND users_low <= users_high
    AND NOT (users_low IS NOT NULL AND users_problem IS NOT NULL));
