import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyMigrations,
  assertMigrated,
  forgetFailedMigration,
  MIGRATIONS_DIRECTORY,
  readMigrations,
} from '#server/platform/migrations';
import { createTestDatabase, type TestDatabase } from '#server/testing/database';
import { withAdmin } from '#server/testing/server';

describe('applyMigrations', () => {
  let database: TestDatabase;
  let directory: string;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    directory = await mkdtemp(path.join(tmpdir(), 'ops-migrations-'));
    await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true });
  });

  afterAll(async () => {
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  async function addMigration(name: string, sql: string): Promise<void> {
    await mkdir(path.join(directory, name), { recursive: true });
    await writeFile(path.join(directory, name, 'migration.sql'), sql);
  }

  async function tables(): Promise<string[]> {
    const { rows } = await withAdmin(database.ownerUrl, (client) =>
      client.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE tablename LIKE 'extra%' ORDER BY 1",
      ),
    );
    return rows.map((row) => row.name);
  }

  it('refuses to serve a database that lacks migrations', async () => {
    await expect(assertMigrated(database.ownerUrl)).rejects.toThrow(/lacks 0001_ground/);
  });

  it('migrates once when several start together, and says who did what', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => applyMigrations(database.ownerUrl, directory)));
    const names = (await readMigrations()).map((migration) => migration.name);
    expect(applied.map((each) => each.length).sort()).toEqual([0, 0, names.length]);
    expect(applied.flat()).toEqual(names);
    await expect(assertMigrated(database.ownerUrl)).resolves.toBeUndefined();
  });

  it('applies only what is new', async () => {
    await addMigration('9001_extra', 'CREATE TABLE extra_one (id int);');
    expect(await applyMigrations(database.ownerUrl, directory)).toEqual(['9001_extra']);
    expect(await applyMigrations(database.ownerUrl, directory)).toEqual([]);
    expect(await tables()).toEqual(['extra_one']);
  });

  it('undoes a migration that fails as a whole, blocks the next start, and goes on after --retry', async () => {
    await addMigration('9002_bad', 'CREATE TABLE extra_two (id int); SELECT 1 / 0;');
    await expect(applyMigrations(database.ownerUrl, directory)).rejects.toThrow(
      /9002_bad[\s\S]*division by zero/,
    );
    expect(await tables()).toEqual(['extra_one']);
    await expect(applyMigrations(database.ownerUrl, directory)).rejects.toThrow(
      /9002_bad failed before.*--retry/,
    );
    await addMigration('9002_bad', 'CREATE TABLE extra_two (id int);');
    await forgetFailedMigration(database.ownerUrl, '9002_bad');
    expect(await applyMigrations(database.ownerUrl, directory)).toEqual(['9002_bad']);
    expect(await tables()).toEqual(['extra_one', 'extra_two']);
    await expect(forgetFailedMigration(database.ownerUrl, '9002_bad')).rejects.toThrow(/No failed migration/);
  });

  it('refuses code that is older than the database', async () => {
    await expect(applyMigrations(database.ownerUrl)).rejects.toThrow(
      /ahead of this code: it has 9001_extra, 9002_bad/,
    );
  });

  it('says that a database cannot be reached', async () => {
    const url = new URL(database.ownerUrl);
    url.pathname = '/no_such_database';
    await expect(applyMigrations(url.href)).rejects.toThrow(/cannot be reached.*no_such_database/);
  });
});
