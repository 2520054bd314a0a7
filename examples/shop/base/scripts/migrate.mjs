import pg from 'pg';
import { messageOf } from '../src/log.mjs';
import { applyMigrations, pendingMigrations, readApplied, readMigrations } from './migrations.mjs';

const onlyPending = process.argv.includes('--pending');

try {
  await main();
} catch (error) {
  process.stderr.write(`migrations failed, nothing was changed: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function main() {
  const connectionString = process.env.DATABASE_URL;
  if (!connectionString) throw new Error('DATABASE_URL is missing');
  const migrations = readMigrations('migrations');
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    if (onlyPending) {
      const pending = pendingMigrations(migrations, await readApplied(client));
      process.stdout.write(`${JSON.stringify(pending.map(({ name }) => name))}\n`);
      return;
    }
    const applied = await applyMigrations(client, migrations);
    for (const { name } of applied) process.stdout.write(`applied ${name}\n`);
    if (applied.length === 0) process.stdout.write('no pending migrations\n');
  } finally {
    await client.end();
  }
}
