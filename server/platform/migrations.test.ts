import { describe, expect, it } from 'vitest';
import {
  type AppliedMigration,
  checksumOf,
  type Migration,
  MigrationError,
  pendingOf,
} from '#server/platform/migrations';

const first: Migration = { name: '0001_a', sql: 'CREATE TABLE a ();' };
const second: Migration = { name: '0002_b', sql: 'CREATE TABLE b ();' };

function row(migration: Migration, change: Partial<AppliedMigration> = {}): AppliedMigration {
  return {
    name: migration.name,
    checksum: checksumOf(migration.sql),
    state: 'applied',
    logs: null,
    ...change,
  };
}

describe('pendingOf', () => {
  it('asks for everything on an empty database and for nothing on a current one', () => {
    expect(pendingOf([first, second], [])).toEqual([first, second]);
    expect(pendingOf([first, second], [row(first), row(second)])).toEqual([]);
    expect(pendingOf([first, second], [row(first)])).toEqual([second]);
  });

  it('refuses a database that newer code migrated and names what it does not know', () => {
    expect(() => pendingOf([first], [row(first), row(second)])).toThrow(/ahead of this code: it has 0002_b/);
  });

  it('refuses a migration that was edited after it was applied', () => {
    expect(() => pendingOf([first], [row(first, { checksum: checksumOf('other') })])).toThrow(
      /0001_a was edited/,
    );
  });

  it('tells of a failed migration why it failed and how to go on', () => {
    const failed = row(second, {
      state: 'failed',
      logs: 'connector error\nError querying: ERROR: A duplicate key\n   0: place',
    });
    expect(() => pendingOf([first, second], [row(first), failed])).toThrow(MigrationError);
    expect(() => pendingOf([first, second], [row(first), failed])).toThrow(
      /failed before: A duplicate key\. .*--retry 0002_b/,
    );
  });

  it('runs a migration again that was rolled back, and forgets a failure that a later run made good', () => {
    expect(pendingOf([first], [row(first, { state: 'rolled back' })])).toEqual([first]);
    expect(pendingOf([first], [row(first, { state: 'failed' }), row(first)])).toEqual([]);
  });
});
