-- AlterTable
ALTER TABLE "app_user" ADD COLUMN     "slack_handle" TEXT;

-- AlterTable
ALTER TABLE "postmortem" ADD COLUMN     "published_revision" INTEGER;

-- What a Prisma schema cannot say.

UPDATE postmortem SET published_revision = revision WHERE state = 'published';
ALTER TABLE postmortem
  DROP CONSTRAINT postmortem_published_check,
  ADD CONSTRAINT postmortem_published_check CHECK (
    (published_at IS NULL) = (published_revision IS NULL) AND published_revision BETWEEN 1 AND revision
    AND (state <> 'published' OR published_revision IS NOT DISTINCT FROM revision));
ALTER TABLE app_user
  ADD CONSTRAINT app_user_slack_handle_check CHECK (slack_handle ~ '^[a-z0-9][a-z0-9._-]{0,59}$');
