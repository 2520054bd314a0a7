-- AlterEnum
ALTER TYPE "run_status" ADD VALUE 'awaiting_approval';
