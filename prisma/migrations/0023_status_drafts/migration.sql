-- AlterTable
ALTER TABLE "incident" ADD COLUMN     "grave_since" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "status_draft" (
    "id" UUID NOT NULL,
    "owner_id" UUID NOT NULL,
    "owner_name" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "impacts" JSONB NOT NULL,
    "next_update_minutes" INTEGER,
    "taken_id" UUID,
    "taken_version" INTEGER,
    "version" INTEGER NOT NULL DEFAULT 1,
    "kept_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "status_draft_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "status_draft_kept_at_idx" ON "status_draft"("kept_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "status_draft_owner_id_about_key" ON "status_draft"("owner_id", "about");

-- What a Prisma schema cannot say.
GRANT SELECT, INSERT, UPDATE, DELETE ON status_draft TO ops_app;

ALTER TABLE status_draft
  ADD CONSTRAINT status_draft_about_check CHECK (about ~ '^(new|(public|incident):[1-9][0-9]*)$'),
  ADD CONSTRAINT status_draft_state_check CHECK (state IN ('investigating', 'identified', 'monitoring', 'resolved')),
  ADD CONSTRAINT status_draft_impacts_check CHECK (jsonb_typeof(impacts) = 'object'),
  ADD CONSTRAINT status_draft_next_check CHECK (next_update_minutes BETWEEN 0 AND 1440),
  ADD CONSTRAINT status_draft_taken_check CHECK ((taken_id IS NULL) = (taken_version IS NULL));

UPDATE incident SET grave_since = detected_at WHERE level <= 2;

-- An incident is grave from its record on, from when its level was raised, or from when it was opened again.
CREATE FUNCTION keep_incident_grave_since() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.level > 2 THEN
    NEW.grave_since := NULL;
  ELSIF TG_OP = 'INSERT' THEN
    NEW.grave_since := NEW.detected_at;
  ELSIF OLD.level > 2 OR (OLD.state = 'resolved' AND NEW.state <> 'resolved') THEN
    NEW.grave_since := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_grave_since BEFORE INSERT OR UPDATE OF level, state ON incident
  FOR EACH ROW EXECUTE FUNCTION keep_incident_grave_since();
