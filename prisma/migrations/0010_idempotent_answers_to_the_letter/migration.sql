-- AlterTable
ALTER TABLE "idempotency_record" ALTER COLUMN "result" SET DATA TYPE JSON;
