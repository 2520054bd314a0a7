-- CreateTable
CREATE TABLE "metric_series" (
    "id" SERIAL NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "metric_series_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "metric_dirty" (
    "id" BIGSERIAL NOT NULL,
    "resolution" TEXT NOT NULL,
    "bucket" TIMESTAMPTZ(3) NOT NULL,
    "series_ids" INTEGER[],

    CONSTRAINT "metric_dirty_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "scrape_target" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "interval_ms" INTEGER NOT NULL,
    "timeout_ms" INTEGER NOT NULL,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "lease_until" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "last_scraped_at" TIMESTAMPTZ(3),
    "last_good_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "last_duration_ms" INTEGER,
    "last_samples" INTEGER,
    "process_started_at" DOUBLE PRECISION,

    CONSTRAINT "scrape_target_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "metric_series_created_at_idx" ON "metric_series"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "metric_series_service_environment_name_labels_key" ON "metric_series"("service", "environment", "name", "labels");

-- CreateIndex
CREATE INDEX "metric_dirty_resolution_bucket_idx" ON "metric_dirty"("resolution", "bucket");

-- CreateIndex
CREATE INDEX "scrape_target_next_at_idx" ON "scrape_target"("next_at");

-- CreateIndex
CREATE UNIQUE INDEX "scrape_target_service_environment_key" ON "scrape_target"("service", "environment");

-- What a Prisma schema cannot say.

-- Samples by day (UTC). The key covers the value, so that a window is read from the index alone. No foreign key: it would
-- cost as much as the insert, and no role that serves may remove a series.
CREATE TABLE metric_sample (
  series_id integer NOT NULL,
  at timestamptz(3) NOT NULL,
  value double precision NOT NULL,
  CONSTRAINT metric_sample_pkey PRIMARY KEY (series_id, at) INCLUDE (value),
  -- Neither NaN nor an infinity.
  CONSTRAINT metric_sample_value_check CHECK (value > '-Infinity' AND value < 'Infinity')
) PARTITION BY RANGE (at);

-- `increase` is that of a counter, restarts taken into account; 0 for gauges.
CREATE TABLE metric_rollup_1m (
  series_id integer NOT NULL,
  at timestamptz(3) NOT NULL,
  count integer NOT NULL,
  sum double precision NOT NULL,
  min double precision NOT NULL,
  max double precision NOT NULL,
  last double precision NOT NULL,
  increase double precision NOT NULL,
  CONSTRAINT metric_rollup_1m_pkey PRIMARY KEY (series_id, at),
  CONSTRAINT metric_rollup_1m_at_check CHECK (extract(epoch FROM at)::bigint % 60 = 0),
  CONSTRAINT metric_rollup_1m_count_check CHECK (count > 0)
) PARTITION BY RANGE (at);

CREATE TABLE metric_rollup_1h (
  series_id integer NOT NULL,
  at timestamptz(3) NOT NULL,
  count integer NOT NULL,
  sum double precision NOT NULL,
  min double precision NOT NULL,
  max double precision NOT NULL,
  last double precision NOT NULL,
  increase double precision NOT NULL,
  CONSTRAINT metric_rollup_1h_pkey PRIMARY KEY (series_id, at),
  CONSTRAINT metric_rollup_1h_at_check CHECK (extract(epoch FROM at)::bigint % 3600 = 0),
  CONSTRAINT metric_rollup_1h_count_check CHECK (count > 0)
) PARTITION BY RANGE (at);

ALTER TABLE metric_series
  ADD CONSTRAINT metric_series_kind_check CHECK (kind IN ('counter', 'gauge', 'histogram')),
  ADD CONSTRAINT metric_series_labels_check CHECK (jsonb_typeof(labels) = 'object'),
  ADD CONSTRAINT metric_series_bucket_check CHECK ((kind = 'histogram') = (labels ? 'le'));
ALTER TABLE metric_dirty ADD CONSTRAINT metric_dirty_resolution_check CHECK (resolution IN ('1m', '1h'));
ALTER TABLE scrape_target
  ADD CONSTRAINT scrape_target_interval_ms_check CHECK (interval_ms >= 100),
  ADD CONSTRAINT scrape_target_timeout_ms_check CHECK (timeout_ms BETWEEN 10 AND 60000);

GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ops_app;
GRANT SELECT, INSERT ON metric_series, metric_sample TO ops_app;
GRANT SELECT, INSERT, UPDATE ON metric_rollup_1m, metric_rollup_1h TO ops_app;
GRANT SELECT, INSERT, DELETE ON metric_dirty TO ops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON scrape_target TO ops_app;

-- Partitions are made and dropped by these functions, with the rights of their owner: serving roles may do neither.
-- Makes what is missing so that every time between the two has its place: samples and minutes by day, hours by month.
CREATE FUNCTION metric_make_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  parent text;
  step interval;
  first timestamptz;
  name text;
  made integer := 0;
BEGIN
  IF from_time > to_time OR from_time < now() - interval '800 days' OR to_time > now() + interval '31 days' THEN
    RAISE EXCEPTION 'no partitions are made from % to %', from_time, to_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('metric partitions'));
  FOREACH parent IN ARRAY ARRAY['metric_sample', 'metric_rollup_1m', 'metric_rollup_1h'] LOOP
    step := CASE parent WHEN 'metric_rollup_1h' THEN interval '1 month' ELSE interval '1 day' END;
    first := date_trunc(CASE parent WHEN 'metric_rollup_1h' THEN 'month' ELSE 'day' END, from_time);
    WHILE first <= to_time LOOP
      name := parent || '_' || to_char(first, 'YYYYMMDD');
      IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent, first, first + step);
        made := made + 1;
      END IF;
      first := first + step;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Drops partitions that end before the given time. What is younger than a day is never dropped, whoever asks.
CREATE FUNCTION metric_drop_partitions(parent text, before_time timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  step interval := CASE parent WHEN 'metric_rollup_1h' THEN interval '1 month' ELSE interval '1 day' END;
  name text;
  dropped text[] := '{}';
BEGIN
  IF parent NOT IN ('metric_sample', 'metric_rollup_1m', 'metric_rollup_1h') OR before_time > now() - interval '1 day' THEN
    RAISE EXCEPTION 'no partitions of % are dropped before %', parent, before_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('metric partitions'));
  FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = parent::regclass ORDER BY c.relname LOOP
    IF to_date(right(name, 8), 'YYYYMMDD')::timestamptz + step <= before_time THEN
      EXECUTE format('DROP TABLE %I', name);
      dropped := dropped || name;
    END IF;
  END LOOP;
  RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION metric_make_partitions(timestamptz, timestamptz), metric_drop_partitions(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metric_make_partitions(timestamptz, timestamptz), metric_drop_partitions(text, timestamptz) TO ops_app;

SELECT metric_make_partitions(now() - interval '8 days', now() + interval '3 days');
