-- CreateTable
CREATE TABLE "monitor_check" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url" TEXT,
    "host" TEXT,
    "port" INTEGER,
    "expect_status" INTEGER,
    "body_includes" TEXT,
    "interval_ms" INTEGER NOT NULL,
    "timeout_ms" INTEGER NOT NULL,
    "target" TEXT NOT NULL,
    "phase" DOUBLE PRECISION NOT NULL,
    "next_at" TIMESTAMPTZ(3) DEFAULT clock_timestamp(),
    "lease_until" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "paused_at" TIMESTAMPTZ(3),
    "paused_by_name" TEXT,
    "pause_reason" TEXT,
    "removed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_by_name" TEXT NOT NULL,
    "last_at" TIMESTAMPTZ(3),
    "last_outcome" TEXT,
    "last_duration_ms" INTEGER,
    "last_status_code" INTEGER,
    "last_message" TEXT,
    "last_sub_checks" JSONB,
    "outcome_since" TIMESTAMPTZ(3),
    "consecutive_failures" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),

    CONSTRAINT "monitor_check_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "monitor_check_next_at_idx" ON "monitor_check"("next_at");

-- CreateIndex
CREATE INDEX "monitor_check_service_environment_idx" ON "monitor_check"("service", "environment");

-- What a Prisma schema cannot say.

-- Results by day (UTC) of the time at which they were due: one for each beat, whoever took it. No foreign key: checks are
-- never deleted, and it would cost as much as the insert.
CREATE TABLE check_result (
  check_id uuid NOT NULL,
  at timestamptz(3) NOT NULL,
  ended_at timestamptz(3) NOT NULL,
  outcome text NOT NULL,
  duration_ms integer NOT NULL,
  status_code integer,
  message text,
  sub_checks jsonb,
  CONSTRAINT check_result_pkey PRIMARY KEY (check_id, at),
  CONSTRAINT check_result_outcome_check CHECK (outcome IN ('ok', 'failed', 'not_run')),
  CONSTRAINT check_result_duration_ms_check CHECK (duration_ms >= 0)
) PARTITION BY RANGE (at);

-- What the results of an hour add up to: how many, and for how many seconds each outcome stood.
CREATE TABLE check_hour (
  check_id uuid NOT NULL,
  at timestamptz(3) NOT NULL,
  ok_count integer NOT NULL,
  failed_count integer NOT NULL,
  not_run_count integer NOT NULL,
  ok_seconds double precision NOT NULL,
  failed_seconds double precision NOT NULL,
  not_run_seconds double precision NOT NULL,
  -- Of those that were answered well.
  duration_ms_sum double precision NOT NULL,
  CONSTRAINT check_hour_pkey PRIMARY KEY (check_id, at),
  CONSTRAINT check_hour_at_check CHECK (extract(epoch FROM at)::bigint % 3600 = 0)
) PARTITION BY RANGE (at);

-- The configuration and people share the keys of an environment; a removed check gives its key back.
CREATE UNIQUE INDEX monitor_check_key_key ON monitor_check (service, environment, key) WHERE removed_at IS NULL;
ALTER TABLE monitor_check
  ADD CONSTRAINT monitor_check_key_check CHECK (key ~ '^[a-z0-9][a-z0-9-]{0,59}$'),
  ADD CONSTRAINT monitor_check_source_check CHECK (source IN ('config', 'own')),
  ADD CONSTRAINT monitor_check_kind_check CHECK (
    CASE kind WHEN 'tcp' THEN host IS NOT NULL AND port BETWEEN 1 AND 65535 AND url IS NULL
              WHEN 'http' THEN url IS NOT NULL AND expect_status IS NOT NULL AND host IS NULL
              WHEN 'health' THEN url IS NOT NULL AND host IS NULL
              ELSE false END),
  ADD CONSTRAINT monitor_check_interval_ms_check CHECK (interval_ms BETWEEN 100 AND 86400000),
  ADD CONSTRAINT monitor_check_timeout_ms_check CHECK (timeout_ms BETWEEN 10 AND 60000),
  ADD CONSTRAINT monitor_check_phase_check CHECK (phase >= 0 AND phase < 1),
  ADD CONSTRAINT monitor_check_outcome_check CHECK (last_outcome IN ('ok', 'failed', 'not_run')),
  ADD CONSTRAINT monitor_check_failing_check CHECK ((consecutive_failures = 0) = (failing_since IS NULL)),
  -- What is paused or removed is never due, and everything else is.
  ADD CONSTRAINT monitor_check_due_check CHECK ((next_at IS NULL) = (paused_at IS NOT NULL OR removed_at IS NOT NULL)),
  ADD CONSTRAINT monitor_check_paused_check CHECK (
    (paused_at IS NULL) = (paused_by_name IS NULL) AND (paused_at IS NULL) = (pause_reason IS NULL));

GRANT SELECT, INSERT, UPDATE ON monitor_check, check_hour TO ops_app;
GRANT SELECT, INSERT ON check_result TO ops_app;

-- Partitions are made and dropped by these functions, with the rights of their owner: serving roles may do neither.
-- Makes what is missing so that every time between the two has its place: results by day, hours by month.
CREATE FUNCTION check_make_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  parent text;
  unit text;
  first timestamptz;
  name text;
  made integer := 0;
BEGIN
  IF from_time > to_time OR from_time < now() - interval '400 days' OR to_time > now() + interval '31 days' THEN
    RAISE EXCEPTION 'no partitions are made from % to %', from_time, to_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('check partitions'));
  FOREACH parent IN ARRAY ARRAY['check_result', 'check_hour'] LOOP
    unit := CASE parent WHEN 'check_hour' THEN 'month' ELSE 'day' END;
    first := date_trunc(unit, from_time);
    WHILE first <= to_time LOOP
      name := parent || '_' || to_char(first, 'YYYYMMDD');
      IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                       name, parent, first, first + ('1 ' || unit)::interval);
        made := made + 1;
      END IF;
      first := first + ('1 ' || unit)::interval;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Drops partitions that end before the given time. What is younger than a day is never dropped, whoever asks.
CREATE FUNCTION check_drop_partitions(parent text, before_time timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  step interval := CASE parent WHEN 'check_hour' THEN interval '1 month' ELSE interval '1 day' END;
  name text;
  dropped text[] := '{}';
BEGIN
  IF parent NOT IN ('check_result', 'check_hour') OR before_time > now() - interval '1 day' THEN
    RAISE EXCEPTION 'no partitions of % are dropped before %', parent, before_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('check partitions'));
  FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = parent::regclass ORDER BY c.relname LOOP
    IF to_date(right(name, 8), 'YYYYMMDD')::timestamptz + step <= before_time THEN
      EXECUTE format('DROP TABLE %I', name);
      dropped := dropped || name;
    END IF;
  END LOOP;
  RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION check_make_partitions(timestamptz, timestamptz), check_drop_partitions(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_make_partitions(timestamptz, timestamptz), check_drop_partitions(text, timestamptz) TO ops_app;

SELECT check_make_partitions(now() - interval '1 day', now() + interval '3 days');
