-- CreateTable
CREATE TABLE "incident" (
    "id" UUID NOT NULL,
    "number" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'investigating',
    "service" TEXT,
    "environment" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "detected_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "resolved_at" TIMESTAMPTZ(3),
    "declared_by_name" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "cause_id" UUID,
    "merged_into_id" UUID,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "incident_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_role" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "person_id" UUID NOT NULL,
    "person_name" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "until" TIMESTAMPTZ(3),
    "assigned_by_name" TEXT NOT NULL,

    CONSTRAINT "incident_role_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_entry" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "author_id" UUID,
    "author_name" TEXT NOT NULL,
    "run_id" UUID,
    "alert_id" UUID,
    "corrects_id" BIGINT,
    "dedup_key" TEXT,

    CONSTRAINT "incident_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_search" (
    "incident_id" UUID NOT NULL,
    "words" tsvector NOT NULL,

    CONSTRAINT "incident_search_pkey" PRIMARY KEY ("incident_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "incident_number_key" ON "incident"("number");

-- CreateIndex
CREATE INDEX "incident_started_at_number_idx" ON "incident"("started_at" DESC, "number" DESC);

-- CreateIndex
CREATE INDEX "incident_merged_into_id_idx" ON "incident"("merged_into_id");

-- CreateIndex
CREATE INDEX "incident_role_incident_id_id_idx" ON "incident_role"("incident_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "incident_entry_dedup_key_key" ON "incident_entry"("dedup_key");

-- CreateIndex
CREATE INDEX "incident_entry_incident_id_occurred_at_id_idx" ON "incident_entry"("incident_id", "occurred_at", "id");

-- AddForeignKey
ALTER TABLE "incident" ADD CONSTRAINT "incident_merged_into_id_fkey" FOREIGN KEY ("merged_into_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_role" ADD CONSTRAINT "incident_role_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_entry" ADD CONSTRAINT "incident_entry_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_entry" ADD CONSTRAINT "incident_entry_corrects_id_fkey" FOREIGN KEY ("corrects_id") REFERENCES "incident_entry"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT, UPDATE ON incident, incident_role, incident_search TO ops_app;
GRANT SELECT, INSERT ON incident_entry TO ops_app;
GRANT USAGE ON SEQUENCE incident_number_seq, incident_role_id_seq, incident_entry_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE incident
  ADD CONSTRAINT incident_title_check CHECK (btrim(title) <> ''),
  ADD CONSTRAINT incident_level_check CHECK (level BETWEEN 1 AND 4),
  ADD CONSTRAINT incident_state_check CHECK (state IN ('investigating', 'identified', 'monitoring', 'resolved')),
  ADD CONSTRAINT incident_place_check CHECK (environment IS NULL OR service IS NOT NULL),
  -- What is recorded has begun.
  ADD CONSTRAINT incident_started_check CHECK (started_at <= detected_at),
  ADD CONSTRAINT incident_resolved_check CHECK ((state = 'resolved') = (resolved_at IS NOT NULL) AND resolved_at >= started_at),
  ADD CONSTRAINT incident_cause_check CHECK (cause IN ('person', 'alert', 'rollback') AND (cause = 'person') = (cause_id IS NULL)),
  ADD CONSTRAINT incident_automatic_check CHECK (cause = 'person' OR environment IS NOT NULL),
  ADD CONSTRAINT incident_merged_check CHECK (merged_into_id <> id);
ALTER TABLE incident_role
  ADD CONSTRAINT incident_role_role_check CHECK (role IN ('commander', 'scribe', 'communications', 'responder')),
  ADD CONSTRAINT incident_role_until_check CHECK (until >= since);
ALTER TABLE incident_entry
  ADD CONSTRAINT incident_entry_kind_check
    CHECK (kind IN ('note', 'state', 'level', 'role', 'action', 'status', 'correction', 'evidence', 'system')),
  ADD CONSTRAINT incident_entry_text_check CHECK (btrim(text) <> ''),
  ADD CONSTRAINT incident_entry_occurred_check CHECK (occurred_at <= recorded_at),
  ADD CONSTRAINT incident_entry_corrects_check CHECK ((kind = 'correction') = (corrects_id IS NOT NULL));

-- One open incident of an environment that the console opened by itself, whatever tells of it at once.
CREATE UNIQUE INDEX incident_automatic_key ON incident (service, environment)
  WHERE cause <> 'person' AND state <> 'resolved' AND merged_into_id IS NULL;
-- What the console joins.
CREATE INDEX incident_open_idx ON incident (service, environment) WHERE state <> 'resolved' AND merged_into_id IS NULL;
-- One holder at a time, but for responders, of whom each person is one once.
CREATE UNIQUE INDEX incident_role_holder_key ON incident_role (incident_id, role) WHERE until IS NULL AND role <> 'responder';
CREATE UNIQUE INDEX incident_role_responder_key ON incident_role (incident_id, person_id)
  WHERE until IS NULL AND role = 'responder';
CREATE INDEX incident_entry_alert_idx ON incident_entry (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX incident_entry_corrects_idx ON incident_entry (corrects_id, id) WHERE corrects_id IS NOT NULL;
CREATE INDEX incident_search_words_idx ON incident_search USING gin (words);

-- The words of a text: between signs, in lower case, without their positions.
CREATE FUNCTION incident_words(content text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT strip(to_tsvector('simple', regexp_replace(content, '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', ' ', 'g')))
$$;

-- All words of what somebody searches for, each by its beginning; null when there is none.
CREATE FUNCTION incident_query(content text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_catalog, pg_temp AS $$
  SELECT string_agg(quote_literal(lexeme) || CASE WHEN length(lexeme) > 1 THEN ':*' ELSE '' END, ' & ')::tsquery
  FROM unnest(incident_words(content))
$$;

-- Adds what is written to the words of its incident. An incident of ten thousand different words takes no more of them.
CREATE FUNCTION keep_incident_words() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'incident' THEN
    INSERT INTO incident_search (incident_id, words) SELECT id, incident_words(title) FROM added;
  ELSE
    UPDATE incident_search s SET words = s.words || a.words
    FROM (SELECT incident_id, incident_words(string_agg(text, ' ')) AS words FROM added GROUP BY incident_id) a
    WHERE s.incident_id = a.incident_id AND length(s.words) < 10000;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_words AFTER INSERT ON incident
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_incident_words();
CREATE TRIGGER keep_words AFTER INSERT ON incident_entry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_incident_words();
