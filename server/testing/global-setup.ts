import type { TestProject } from 'vitest/node';
import { startTestServer, type TestServer } from '#server/testing/server';

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer;
  }
}

/** One Postgres for the whole run; test files take it with `createTestDatabase`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, stop } = await startTestServer();
  project.provide('testServer', server);
  return stop;
}
