-- AlterTable
ALTER TABLE "status_component"
    ADD COLUMN "check_keys" TEXT[] DEFAULT ARRAY[]::TEXT[],
    ADD COLUMN "group_name" TEXT NOT NULL DEFAULT '',
    ADD COLUMN "retired_at" TIMESTAMPTZ(3),
    ADD COLUMN "retired_by_name" TEXT;

-- What stood for one check goes on to do so.
UPDATE "status_component" SET "check_keys" = ARRAY["check_key"] WHERE "check_key" IS NOT NULL;

-- AlterTable
ALTER TABLE "status_component" DROP COLUMN "check_key";

-- What a Prisma schema cannot say.

ALTER TABLE status_component
  ADD CONSTRAINT status_component_check_keys_check CHECK (check_keys IS NOT NULL AND array_position(check_keys, NULL) IS NULL),
  ADD CONSTRAINT status_component_retired_check CHECK ((retired_at IS NULL) = (retired_by_name IS NULL));
