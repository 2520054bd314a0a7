-- CreateTable
CREATE TABLE "playbook_step" (
    "id" UUID NOT NULL,
    "level" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "action" TEXT,
    "starts_itself" BOOLEAN NOT NULL DEFAULT false,
    "position" INTEGER NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "version" INTEGER NOT NULL DEFAULT 1,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "changed_by_name" TEXT NOT NULL,

    CONSTRAINT "playbook_step_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_step" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "action" TEXT,
    "starts_itself" BOOLEAN NOT NULL DEFAULT false,
    "position" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "version" INTEGER NOT NULL DEFAULT 1,
    "by_id" UUID,
    "by_name" TEXT,
    "at" TIMESTAMPTZ(3),
    "note" TEXT,
    "toggle_id" UUID,

    CONSTRAINT "incident_step_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_assessment" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" UUID,
    "kind" TEXT NOT NULL,
    "service" TEXT,
    "environment" TEXT,
    "facts" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "by_name" TEXT NOT NULL,

    CONSTRAINT "incident_assessment_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "playbook_step_level_key_key" ON "playbook_step"("level", "key");

-- CreateIndex
CREATE UNIQUE INDEX "incident_step_toggle_id_key" ON "incident_step"("toggle_id");

-- CreateIndex
CREATE INDEX "incident_step_incident_id_position_idx" ON "incident_step"("incident_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "incident_step_incident_id_key_key" ON "incident_step"("incident_id", "key");

-- CreateIndex
CREATE INDEX "incident_assessment_incident_id_kind_id_idx" ON "incident_assessment"("incident_id", "kind", "id");

-- AddForeignKey
ALTER TABLE "incident_step" ADD CONSTRAINT "incident_step_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_assessment" ADD CONSTRAINT "incident_assessment_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT, UPDATE ON playbook_step, incident_step TO ops_app;
GRANT SELECT, INSERT ON incident_assessment TO ops_app;
GRANT USAGE ON SEQUENCE incident_step_id_seq, incident_assessment_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_assessment
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE playbook_step
  ADD CONSTRAINT playbook_step_level_check CHECK (level BETWEEN 1 AND 4),
  ADD CONSTRAINT playbook_step_key_check CHECK (key ~ '^[a-z0-9][a-z0-9-]{0,60}$'),
  ADD CONSTRAINT playbook_step_title_check CHECK (btrim(title) <> ''),
  ADD CONSTRAINT playbook_step_action_check
    CHECK (action IN ('alert-critical', 'assess-damage', 'restore-service', 'enhanced-monitoring')),
  -- What changes something outside waits for a person.
  ADD CONSTRAINT playbook_step_itself_check CHECK (NOT starts_itself OR action IN ('alert-critical', 'assess-damage', 'restore-service'));
ALTER TABLE incident_step
  ADD CONSTRAINT incident_step_level_check CHECK (level BETWEEN 1 AND 4),
  ADD CONSTRAINT incident_step_state_check CHECK (state IN ('open', 'running', 'done', 'skipped', 'failed')),
  ADD CONSTRAINT incident_step_action_check
    CHECK (action IN ('alert-critical', 'assess-damage', 'restore-service', 'enhanced-monitoring')),
  ADD CONSTRAINT incident_step_settled_check CHECK ((state = 'open') = (at IS NULL) AND (at IS NULL) = (by_name IS NULL)),
  ADD CONSTRAINT incident_step_skipped_check CHECK (state NOT IN ('skipped', 'failed') OR note IS NOT NULL);
ALTER TABLE incident_assessment
  ADD CONSTRAINT incident_assessment_kind_check CHECK (kind IN ('damage', 'restore')),
  ADD CONSTRAINT incident_assessment_place_check CHECK (environment IS NULL OR service IS NOT NULL);

INSERT INTO playbook_step (id, level, key, title, description, action, starts_itself, position, changed_by_name)
SELECT gen_random_uuid(), level, key, title, description, action, starts_itself, position, 'The console'
FROM (VALUES
  (1, 'alert-critical', 'Alert the team', 'A notice to CRITICAL with the level, the title and a link here.', 'alert-critical', true, 1),
  (1, 'start', 'Take the lead', 'Agree on a commander, a scribe and who speaks to the public; open one call and one thread.', NULL, false, 2),
  (1, 'assess-damage', 'Assess the damage', 'What is measured now: checks, error rate, endpoints, open alerts, and what changed in the last day.', 'assess-damage', true, 3),
  (1, 'restore-service', 'Restore the service', 'Says which of rollback, restart, cache clear and maintenance mode can be done now. A person decides and confirms.', 'restore-service', false, 4),
  (1, 'status-page', 'Tell the public', 'The first post within 5 minutes, then at least every 20 for two hours.', NULL, false, 5),
  (1, 'enhanced-monitoring', 'Watch closely', 'Checks more often for two hours, then as every day.', 'enhanced-monitoring', false, 6),
  (2, 'assess-damage', 'Assess the damage', 'What is measured now: checks, error rate, endpoints, open alerts, and what changed in the last day.', 'assess-damage', true, 1),
  (2, 'workaround', 'Work around it', 'Find what people can do meanwhile, and write it down.', NULL, false, 2),
  (2, 'schedule-fix', 'Schedule the fix', 'Who fixes it for good, and by when.', NULL, false, 3),
  (2, 'enhanced-monitoring', 'Watch closely', 'Checks more often for two hours, then as every day.', 'enhanced-monitoring', false, 4),
  (3, 'assess-damage', 'Look at what is affected', 'What is measured now: checks, error rate, endpoints, open alerts, and what changed in the last day.', 'assess-damage', false, 1),
  (3, 'schedule-fix', 'Schedule the fix', 'Within working hours: who, and by when.', NULL, false, 2),
  (4, 'schedule-fix', 'Note the fix', 'Who does it when there is time, or why nobody has to.', NULL, false, 1)
) AS seed(level, key, title, description, action, starts_itself, position);

-- What is open already follows the playbook of its level too; nothing of it begins by itself.
INSERT INTO incident_step (incident_id, key, level, title, description, action, position)
SELECT i.id, p.key, p.level, p.title, p.description, p.action, p.position
FROM incident i JOIN playbook_step p ON p.level = i.level
WHERE i.state <> 'resolved' AND i.merged_into_id IS NULL;
