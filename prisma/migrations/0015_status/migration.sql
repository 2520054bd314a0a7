-- CreateTable
CREATE TABLE "status_component" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "position" INTEGER NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "check_key" TEXT,
    "is_shown" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "changed_by_name" TEXT NOT NULL,

    CONSTRAINT "status_component_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "status_incident" (
    "id" UUID NOT NULL,
    "number" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "incident_number" INTEGER,
    "state" TEXT NOT NULL,
    "impacts" JSONB NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "resolved_at" TIMESTAMPTZ(3),
    "next_update_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "status_incident_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "status_update" (
    "id" BIGSERIAL NOT NULL,
    "status_incident_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "impacts" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "next_update_at" TIMESTAMPTZ(3),
    "author_id" UUID,
    "author_name" TEXT NOT NULL,
    "request_key" UUID,

    CONSTRAINT "status_update_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "status_maintenance" (
    "id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "components" TEXT[],
    "announced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "announced_by_name" TEXT NOT NULL,
    "cancelled_at" TIMESTAMPTZ(3),
    "cancelled_by_name" TEXT,

    CONSTRAINT "status_maintenance_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "status_component_key_key" ON "status_component"("key");

-- CreateIndex
CREATE INDEX "status_component_position_idx" ON "status_component"("position");

-- CreateIndex
CREATE UNIQUE INDEX "status_incident_number_key" ON "status_incident"("number");

-- CreateIndex
CREATE UNIQUE INDEX "status_incident_incident_number_key" ON "status_incident"("incident_number");

-- CreateIndex
CREATE INDEX "status_incident_opened_at_idx" ON "status_incident"("opened_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "status_update_request_key_key" ON "status_update"("request_key");

-- CreateIndex
CREATE INDEX "status_update_status_incident_id_id_idx" ON "status_update"("status_incident_id", "id");

-- CreateIndex
CREATE INDEX "status_maintenance_ends_at_idx" ON "status_maintenance"("ends_at");

-- AddForeignKey
ALTER TABLE "status_update" ADD CONSTRAINT "status_update_status_incident_id_fkey" FOREIGN KEY ("status_incident_id") REFERENCES "status_incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT, UPDATE ON status_component, status_incident, status_maintenance TO ops_app;
GRANT SELECT, INSERT ON status_update TO ops_app;
GRANT USAGE ON SEQUENCE status_incident_number_seq, status_update_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON status_update
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE status_component
  ADD CONSTRAINT status_component_key_check CHECK (key ~ '^[a-z0-9][a-z0-9-]{0,80}$'),
  ADD CONSTRAINT status_component_name_check CHECK (btrim(name) <> '');
ALTER TABLE status_incident
  ADD CONSTRAINT status_incident_title_check CHECK (btrim(title) <> ''),
  ADD CONSTRAINT status_incident_state_check CHECK (state IN ('investigating', 'identified', 'monitoring', 'resolved')),
  ADD CONSTRAINT status_incident_resolved_check CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
  -- Nothing is promised of what is over.
  ADD CONSTRAINT status_incident_next_check CHECK (state <> 'resolved' OR next_update_at IS NULL);
ALTER TABLE status_update
  ADD CONSTRAINT status_update_text_check CHECK (btrim(text) <> ''),
  ADD CONSTRAINT status_update_state_check CHECK (state IN ('investigating', 'identified', 'monitoring', 'resolved'));
ALTER TABLE status_maintenance
  ADD CONSTRAINT status_maintenance_title_check CHECK (btrim(title) <> ''),
  ADD CONSTRAINT status_maintenance_time_check CHECK (ends_at > starts_at),
  ADD CONSTRAINT status_maintenance_cancelled_check CHECK ((cancelled_at IS NULL) = (cancelled_by_name IS NULL));

CREATE INDEX status_incident_open_idx ON status_incident (opened_at) WHERE state <> 'resolved';
