import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';

/** One file of a Prisma schema: its path and its text. */
export interface SchemaFile {
  path: string;
  content: string;
}

/** A migration folder as the engine wants it: the folder's name and the text of its `migration.sql`. */
export interface MigrationScript {
  name: string;
  sql: string;
}

const NO_FILTERS = { externalTables: [], externalEnums: [] };

let loaded: Promise<void> | null = null;
let panicMessage = '';

/** The engine leaves the 10 s timer of its advisory lock running; a timer alone must not keep the process alive. */
function withIdleTimers(functions: object): WebAssembly.ModuleImports {
  const entries = Object.entries(functions).map(([name, call]) => {
    if (!name.startsWith('__wbg_setTimeout')) return [name, call];
    return [name, (...args: unknown[]) => (call as (...args: unknown[]) => NodeJS.Timeout)(...args).unref()];
  });
  return Object.fromEntries(entries) as WebAssembly.ModuleImports;
}

/** Instantiates the engine's WebAssembly once per process: 5 MB to compile, so only callers with work to do load it. */
function load(): Promise<void> {
  loaded ??= (async () => {
    const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
    const file = path.join(path.dirname(entry), 'schema_engine_bg.wasm');
    const { instance } = await WebAssembly.instantiate(await readFile(file), {
      './schema_engine_bg.js': withIdleTimers(glue),
    });
    // The engine reports a panic of its own through this global before it throws `unreachable`.
    Object.assign(globalThis, {
      PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => (panicMessage = message) },
    });
    glue.__wbg_set_wasm(instance.exports);
    (instance.exports.__wbindgen_start as () => void)();
  })();
  return loaded;
}

/**
 * Stands in for a database when schemas are compared with each other: the engine asks a server for its version and
 * schema before it does anything, and here for nothing else.
 */
const OFFLINE: SqlMigrationAwareDriverAdapterFactory = {
  provider: 'postgres',
  adapterName: '@prisma/adapter-pg',
  connect: async () => offlineConnection(),
  connectToShadowDb: async () => offlineConnection(),
};

function offlineConnection(): Awaited<ReturnType<SqlMigrationAwareDriverAdapterFactory['connect']>> {
  const refuse = async (): Promise<never> => {
    throw new Error('Comparing schemas needs no database, but the engine asked for one');
  };
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    queryRaw: async () => ({
      columnNames: ['exists', 'version', 'numeric_version'],
      columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
      rows: [[true, 'PostgreSQL 15', 150_000]],
    }),
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    dispose: async () => undefined,
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
  };
}

/**
 * The adapter splits a script at each semicolon, which breaks function bodies and leaves half a migration when one
 * statement fails. Sent whole, Postgres runs a script as one transaction (simple query protocol, several statements).
 */
function wholeScripts(
  factory: SqlMigrationAwareDriverAdapterFactory,
  opened: { dispose(): Promise<void> }[],
): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connectToShadowDb: () => factory.connectToShadowDb(),
    connect: async () => {
      const connection = await factory.connect();
      opened.push(connection);
      connection.executeScript = async (script) => {
        await connection.executeRaw({ sql: script, args: [], argTypes: [] });
      };
      return connection;
    },
  };
}

async function withEngine<T>(
  factory: SqlMigrationAwareDriverAdapterFactory,
  work: (engine: glue.SchemaEngine) => Promise<T>,
): Promise<T> {
  await load();
  try {
    const engine = await glue.SchemaEngine.new(
      { datamodels: undefined },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError && panicMessage)
      throw new Error(panicMessage, { cause: error });
    throw error;
  }
}

/**
 * The SQL that turns a database of schema `from` into one of schema `to`; `null` stands for an empty database. Needs no
 * database. @throws Error with Prisma's message when a schema is invalid
 */
export async function diffSchemas(from: SchemaFile[] | null, to: SchemaFile[]): Promise<string> {
  return withEngine(OFFLINE, async (engine) => {
    const result = await engine.diff({
      from: from ? { tag: 'schemaDatamodel', files: from } : { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: to },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: NO_FILTERS,
    } as Parameters<typeof engine.diff>[0]);
    return result.stdout ?? '';
  });
}

/**
 * Applies the migrations that the database has not seen, in order, each recorded in `_prisma_migrations`.
 * @returns the names applied
 * @throws Error with Prisma's message naming the migration that failed
 */
export async function runMigrations(connectionString: string, scripts: MigrationScript[]): Promise<string[]> {
  // The engine leaves its connections open, and an open one keeps a database from being copied or dropped.
  const opened: { dispose(): Promise<void> }[] = [];
  try {
    return await withEngine(
      wholeScripts(new PrismaPg({ connectionString, max: 1 }), opened),
      async (engine) => {
        const result = await engine.applyMigrations({
          migrationsList: {
            baseDir: 'prisma/migrations',
            lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
            shadowDbInitScript: '',
            migrationDirectories: scripts.map(({ name, sql }) => ({
              path: name,
              migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
            })),
          },
          filters: NO_FILTERS,
        } as Parameters<typeof engine.applyMigrations>[0]);
        return result.appliedMigrationNames;
      },
    );
  } finally {
    await Promise.all(opened.map((connection) => connection.dispose()));
  }
}
