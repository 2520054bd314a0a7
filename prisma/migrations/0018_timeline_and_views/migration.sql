-- CreateTable
CREATE TABLE "saved_view" (
    "id" UUID NOT NULL,
    "list" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "query" TEXT NOT NULL,
    "is_shared" BOOLEAN NOT NULL,
    "owner_id" UUID NOT NULL,
    "owner_name" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "saved_view_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_pin" (
    "id" BIGSERIAL NOT NULL,
    "incident_id" UUID NOT NULL,
    "entry_id" BIGINT NOT NULL,
    "turn" INTEGER NOT NULL,
    "is_pinned" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "by_id" UUID,
    "by_name" TEXT NOT NULL,

    CONSTRAINT "incident_pin_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_attachment" (
    "id" UUID NOT NULL,
    "entry_id" BIGINT NOT NULL,
    "file_name" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "alt" TEXT NOT NULL,

    CONSTRAINT "incident_attachment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "incident_attachment_content" (
    "id" UUID NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "incident_attachment_content_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "saved_view_list_owner_id_idx" ON "saved_view"("list", "owner_id");

-- CreateIndex
CREATE INDEX "incident_role_person_id_incident_id_idx" ON "incident_role"("person_id", "incident_id");

-- CreateIndex
CREATE INDEX "incident_pin_incident_id_idx" ON "incident_pin"("incident_id");

-- CreateIndex
CREATE UNIQUE INDEX "incident_pin_entry_id_turn_key" ON "incident_pin"("entry_id", "turn");

-- CreateIndex
CREATE INDEX "incident_attachment_entry_id_idx" ON "incident_attachment"("entry_id");

-- AddForeignKey
ALTER TABLE "incident_pin" ADD CONSTRAINT "incident_pin_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_pin" ADD CONSTRAINT "incident_pin_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "incident_entry"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_attachment" ADD CONSTRAINT "incident_attachment_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "incident_entry"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "incident_attachment_content" ADD CONSTRAINT "incident_attachment_content_id_fkey" FOREIGN KEY ("id") REFERENCES "incident_attachment"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.

GRANT SELECT, INSERT ON incident_pin, incident_attachment, incident_attachment_content TO ops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO ops_app;
GRANT USAGE ON SEQUENCE incident_pin_id_seq TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_pin
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_attachment
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_attachment_content
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Pinned and unpinned by turns, from pinned on.
ALTER TABLE incident_pin ADD CONSTRAINT incident_pin_turn_check CHECK (turn > 0 AND is_pinned = (turn % 2 = 1));
ALTER TABLE incident_attachment
  ADD CONSTRAINT incident_attachment_type_check
    CHECK (content_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
  ADD CONSTRAINT incident_attachment_size_check CHECK (size_bytes BETWEEN 1 AND 5242880 AND width > 0 AND height > 0),
  ADD CONSTRAINT incident_attachment_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT incident_attachment_words_check CHECK (btrim(file_name) <> '' AND btrim(alt) <> '');
ALTER TABLE saved_view ADD CONSTRAINT saved_view_name_check CHECK (btrim(name) <> '');

-- A name is one view, whatever its case: among the shared ones of a list, and among a person's own.
CREATE UNIQUE INDEX saved_view_shared_key ON saved_view (list, lower(name)) WHERE is_shared;
CREATE UNIQUE INDEX saved_view_own_key ON saved_view (list, owner_id, lower(name)) WHERE NOT is_shared;
