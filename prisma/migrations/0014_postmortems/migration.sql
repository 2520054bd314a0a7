-- CreateTable
CREATE TABLE "postmortem" (
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'draft',
    "version" INTEGER NOT NULL DEFAULT 1,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_by_name" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "postmortem_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "postmortem_revision" (
    "id" BIGSERIAL NOT NULL,
    "postmortem_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "sections" JSONB NOT NULL,
    "author_id" UUID,
    "author_name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "postmortem_revision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "postmortem_decision" (
    "id" BIGSERIAL NOT NULL,
    "postmortem_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "reason" TEXT,
    "person_id" UUID,
    "person_name" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "postmortem_decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "action_item" (
    "id" UUID NOT NULL,
    "postmortem_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "owner_id" UUID NOT NULL,
    "owner_name" TEXT NOT NULL,
    "due_on" DATE NOT NULL,
    "priority" TEXT NOT NULL DEFAULT 'medium',
    "state" TEXT NOT NULL DEFAULT 'open',
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_by_name" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "action_item_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "action_item_reminder" (
    "id" BIGSERIAL NOT NULL,
    "action_item_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "reminded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "action_item_reminder_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "postmortem_incident_id_key" ON "postmortem"("incident_id");

-- CreateIndex
CREATE INDEX "postmortem_created_at_id_idx" ON "postmortem"("created_at" DESC, "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "postmortem_revision_postmortem_id_number_key" ON "postmortem_revision"("postmortem_id", "number");

-- CreateIndex
CREATE INDEX "postmortem_decision_postmortem_id_id_idx" ON "postmortem_decision"("postmortem_id", "id");

-- CreateIndex
CREATE INDEX "action_item_postmortem_id_created_at_idx" ON "action_item"("postmortem_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "action_item_reminder_action_item_id_kind_day_key" ON "action_item_reminder"("action_item_id", "kind", "day");

-- AddForeignKey
ALTER TABLE "postmortem" ADD CONSTRAINT "postmortem_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "postmortem_revision" ADD CONSTRAINT "postmortem_revision_postmortem_id_fkey" FOREIGN KEY ("postmortem_id") REFERENCES "postmortem"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "postmortem_decision" ADD CONSTRAINT "postmortem_decision_postmortem_id_fkey" FOREIGN KEY ("postmortem_id") REFERENCES "postmortem"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "action_item" ADD CONSTRAINT "action_item_postmortem_id_fkey" FOREIGN KEY ("postmortem_id") REFERENCES "postmortem"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "action_item_reminder" ADD CONSTRAINT "action_item_reminder_action_item_id_fkey" FOREIGN KEY ("action_item_id") REFERENCES "action_item"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT, UPDATE ON postmortem, action_item TO ops_app;
GRANT SELECT, INSERT ON postmortem_revision, postmortem_decision, action_item_reminder TO ops_app;
GRANT USAGE ON SEQUENCE postmortem_revision_id_seq, postmortem_decision_id_seq, action_item_reminder_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postmortem_revision
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postmortem_decision
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON action_item_reminder
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE postmortem
  ADD CONSTRAINT postmortem_state_check CHECK (state IN ('draft', 'in_review', 'approved', 'published')),
  ADD CONSTRAINT postmortem_published_check CHECK ((state = 'published') = (published_at IS NOT NULL)),
  ADD CONSTRAINT postmortem_revision_check CHECK (revision BETWEEN 1 AND version);
ALTER TABLE postmortem_revision
  ADD CONSTRAINT postmortem_revision_number_check CHECK (number > 0),
  ADD CONSTRAINT postmortem_revision_sections_check CHECK (jsonb_typeof(sections) = 'object');
ALTER TABLE postmortem_decision
  ADD CONSTRAINT postmortem_decision_kind_check CHECK (kind IN ('submitted', 'approved', 'returned', 'published')),
  ADD CONSTRAINT postmortem_decision_reason_check CHECK ((kind = 'returned') = (reason IS NOT NULL) AND btrim(reason) <> '');
ALTER TABLE action_item
  ADD CONSTRAINT action_item_title_check CHECK (btrim(title) <> ''),
  ADD CONSTRAINT action_item_priority_check CHECK (priority IN ('high', 'medium', 'low')),
  ADD CONSTRAINT action_item_state_check CHECK (state IN ('open', 'in_progress', 'done', 'cancelled')),
  ADD CONSTRAINT action_item_ended_check CHECK ((state IN ('done', 'cancelled')) = (ended_at IS NOT NULL));
ALTER TABLE action_item_reminder
  ADD CONSTRAINT action_item_reminder_kind_check CHECK (kind IN ('before', 'overdue'));

-- What waits for somebody.
CREATE INDEX postmortem_review_idx ON postmortem (changed_at) WHERE state IN ('in_review', 'approved');
-- What the board and the reminders ask for.
CREATE INDEX action_item_open_idx ON action_item (due_on, id) WHERE state IN ('open', 'in_progress');
CREATE INDEX action_item_ended_idx ON action_item (ended_at DESC, id) WHERE state IN ('done', 'cancelled');
-- What is to have a post-mortem.
CREATE INDEX incident_reviewed_idx ON incident (resolved_at DESC, number DESC)
  WHERE state = 'resolved' AND level <= 2 AND merged_into_id IS NULL;
