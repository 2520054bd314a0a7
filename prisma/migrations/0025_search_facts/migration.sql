-- AlterTable
ALTER TABLE "incident_search" ADD COLUMN     "environment" TEXT,
ADD COLUMN     "level" INTEGER,
ADD COLUMN     "merged_into_id" UUID,
ADD COLUMN     "number" INTEGER,
ADD COLUMN     "service" TEXT,
ADD COLUMN     "started_at" TIMESTAMPTZ(3),
ADD COLUMN     "state" TEXT;

UPDATE incident_search s SET number = i.number, started_at = i.started_at, state = i.state, level = i.level,
  service = i.service, environment = i.environment, merged_into_id = i.merged_into_id
FROM incident i WHERE i.id = s.incident_id;

ALTER TABLE "incident_search" ALTER COLUMN "number" SET NOT NULL,
ALTER COLUMN "started_at" SET NOT NULL,
ALTER COLUMN "state" SET NOT NULL,
ALTER COLUMN "level" SET NOT NULL;

-- Begins the row of words with what lists ask of an incident, and adds what is written to the words. An incident of ten
-- thousand different words takes no more of them.
CREATE OR REPLACE FUNCTION keep_incident_words() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'incident' THEN
    INSERT INTO incident_search (incident_id, words, number, started_at, state, level, service, environment, merged_into_id)
    SELECT id, incident_words(title), number, started_at, state, level, service, environment, merged_into_id FROM added;
  ELSE
    UPDATE incident_search s SET words = s.words || a.words
    FROM (SELECT incident_id, incident_words(string_agg(text, ' ')) AS words FROM added GROUP BY incident_id) a
    WHERE s.incident_id = a.incident_id AND length(s.words) < 10000;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION keep_incident_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE incident_search SET number = NEW.number, started_at = NEW.started_at, state = NEW.state, level = NEW.level,
    service = NEW.service, environment = NEW.environment, merged_into_id = NEW.merged_into_id
  WHERE incident_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_facts AFTER UPDATE OF number, started_at, state, level, service, environment, merged_into_id ON incident
  FOR EACH ROW EXECUTE FUNCTION keep_incident_facts();
