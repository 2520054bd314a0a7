-- CreateTable
CREATE TABLE "incident_fix" (
    "id" UUID NOT NULL,
    "incident_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "owner_id" UUID NOT NULL,
    "owner_name" TEXT NOT NULL,
    "due_on" DATE NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "by_name" TEXT NOT NULL,

    CONSTRAINT "incident_fix_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "incident_fix_incident_id_idx" ON "incident_fix"("incident_id");

-- AddForeignKey
ALTER TABLE "incident_fix" ADD CONSTRAINT "incident_fix_incident_id_fkey" FOREIGN KEY ("incident_id") REFERENCES "incident"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What a Prisma schema cannot say.
GRANT SELECT, INSERT ON incident_fix TO ops_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_fix
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
