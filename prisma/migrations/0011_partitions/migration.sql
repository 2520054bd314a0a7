-- One pair of functions makes and drops every partition, with the rights of its owner: serving roles may do neither.
DROP FUNCTION metric_make_partitions(timestamptz, timestamptz);
DROP FUNCTION metric_drop_partitions(text, timestamptz);
DROP FUNCTION check_make_partitions(timestamptz, timestamptz);
DROP FUNCTION check_drop_partitions(text, timestamptz);

-- What one partition of a table holds; null where the two functions below may not touch the table.
CREATE FUNCTION partition_unit(parent text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE
    WHEN parent IN ('metric_sample', 'metric_rollup_1m', 'check_result') THEN 'day'
    WHEN parent IN ('metric_rollup_1h', 'check_hour') THEN 'month'
  END
$$;

-- Makes what is missing so that every time between the two has its place.
CREATE FUNCTION make_partitions(parents text[], from_time timestamptz, to_time timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  parent text;
  unit text;
  first timestamptz;
  name text;
  made integer := 0;
BEGIN
  IF from_time > to_time OR from_time < now() - interval '800 days' OR to_time > now() + interval '31 days' THEN
    RAISE EXCEPTION 'no partitions are made from % to %', from_time, to_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('partitions'));
  FOREACH parent IN ARRAY parents LOOP
    unit := partition_unit(parent);
    IF unit IS NULL THEN
      RAISE EXCEPTION 'no partitions of % are made', parent USING ERRCODE = 'invalid_parameter_value';
    END IF;
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
CREATE FUNCTION drop_partitions(parent text, before_time timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  unit text := partition_unit(parent);
  name text;
  dropped text[] := '{}';
BEGIN
  IF unit IS NULL OR before_time > now() - interval '1 day' THEN
    RAISE EXCEPTION 'no partitions of % are dropped before %', parent, before_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('partitions'));
  FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = parent::regclass ORDER BY c.relname LOOP
    IF to_date(right(name, 8), 'YYYYMMDD')::timestamptz + ('1 ' || unit)::interval <= before_time THEN
      EXECUTE format('DROP TABLE %I', name);
      dropped := dropped || name;
    END IF;
  END LOOP;
  RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION make_partitions(text[], timestamptz, timestamptz), drop_partitions(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(text[], timestamptz, timestamptz), drop_partitions(text, timestamptz) TO ops_app;
