import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from '@playwright/test';
import type { Role } from '#server/auth/contract';
import { type Environment, environments } from './environment';
import { sessionFile } from './person';

interface Fixtures {
  /** The example shop, in production, with its real checklist. */
  shop: Environment;
  /** The shop whose checklist waits until a test lets it go. */
  drill: Environment;
  /** The shop where a second person must approve each deploy. */
  guarded: Environment;
  /** An environment for drills, of the same service as `drill`. */
  practice: Environment;
  /** A page in a browser of its own, signed in as somebody of the role; `null` is nobody. */
  open: (role: Role | null, options?: BrowserContextOptions) => Promise<Page>;
  /** Errors of pages fail the test, but those that it expects: what Chromium says of an answer of 400 and above, for one. */
  allowProblems: (...patterns: RegExp[]) => void;
}

/** What the page framework's console says of a read that a newer one took the place of. */
const ABANDONED_READ = /AbortError: signal is aborted without reason/;

interface Problems {
  seen: string[];
  allowed: RegExp[];
}

/** A test with real people, who see every error that their browser's console has. */
export const test = base.extend<Fixtures & { problems: Problems; watch: (context: BrowserContext) => void }>({
  shop: async ({ baseURL }, use) => use(environments(baseURL ?? '').shop),
  drill: async ({ baseURL }, use) => {
    const { drill } = environments(baseURL ?? '');
    await use(drill);
    drill.release();
  },
  guarded: async ({ baseURL }, use) => use(environments(baseURL ?? '').guarded),
  practice: async ({ baseURL }, use) => use(environments(baseURL ?? '').practice),
  problems: async ({ baseURL: _any }, use) => use({ seen: [], allowed: [ABANDONED_READ] }),
  allowProblems: async ({ problems }, use) => use((...patterns) => void problems.allowed.push(...patterns)),
  watch: [
    async ({ problems: { seen, allowed } }, use) => {
      await use((context) => {
        context.on('weberror', (error) =>
          seen.push(`page error: ${error.error().stack ?? error.error().message}`),
        );
        context.on('console', (message) => {
          if (message.type() !== 'error') return;
          seen.push(
            `console error at ${message.page()?.url()}: ${message.text()} (${message.location().url})`,
          );
        });
      });
      expect(seen.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([]);
    },
    { auto: true },
  ],
  open: async ({ browser, watch }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (role, options = {}) => {
      const context = await browser.newContext({
        ...(role ? { storageState: sessionFile(role) } : {}),
        ...options,
      });
      contexts.push(context);
      watch(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };

/** What Chromium's console says of an answer with this status. */
export function answered(status: number): RegExp {
  return new RegExp(`the server responded with a status of ${status} `);
}
