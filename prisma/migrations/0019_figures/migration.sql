-- AlterTable
ALTER TABLE "incident" ADD COLUMN     "acknowledged_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "postmortem" ADD COLUMN     "root_cause_kind" TEXT NOT NULL DEFAULT 'unknown';

-- What a Prisma schema cannot say.

ALTER TABLE postmortem
  ADD CONSTRAINT postmortem_root_cause_kind_check
    CHECK (root_cause_kind IN ('release', 'configuration', 'dependency', 'capacity', 'data', 'security', 'process', 'unknown'));

-- The first entry that a person wrote, by when it was recorded: a time that somebody gives says when something else happened.
UPDATE incident i SET acknowledged_at = e.at
FROM (SELECT incident_id, min(recorded_at) AS at FROM incident_entry WHERE author_id IS NOT NULL GROUP BY incident_id) e
WHERE e.incident_id = i.id;
UPDATE incident i SET acknowledged_at = least(i.acknowledged_at, a.at)
FROM (
  SELECT e.incident_id, min(v.at) AS at FROM incident_entry e JOIN alert_event v ON v.alert_id = e.alert_id
  WHERE e.kind = 'system' AND v.kind = 'acknowledged' GROUP BY e.incident_id
) a
WHERE a.incident_id = i.id;

CREATE FUNCTION keep_incident_acknowledged() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE incident i SET acknowledged_at = a.at
  FROM (SELECT incident_id, min(recorded_at) AS at FROM added WHERE author_id IS NOT NULL GROUP BY incident_id) a
  WHERE i.id = a.incident_id AND i.acknowledged_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_acknowledged AFTER INSERT ON incident_entry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_incident_acknowledged();
