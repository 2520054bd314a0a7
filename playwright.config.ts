import { defineConfig, devices } from '@playwright/test';
import { findBrowser } from '#server/platform/browser';

const browser = await findBrowser();
const port = Number(process.env.E2E_PORT ?? 4600);
const desktop = { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 } };
const phone = {
  ...devices['Pixel 7'],
  viewport: { width: 375, height: 812 },
  screen: { width: 375, height: 812 },
  deviceScaleFactor: 2,
};

/**
 * One real console with a real shop behind it, started by the global setup as a person starts it. The stories change
 * what is live there, so one test runs at a time; each brings the environment into the state that it needs.
 */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/e2e',
  globalSetup: './e2e/global-setup.ts',
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 150_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    timezoneId: 'UTC',
    locale: 'en-GB',
    // A recording costs time with every step; `npx playwright test --trace retain-on-failure` does it.
    trace: 'off',
    screenshot: 'only-on-failure',
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    launchOptions: { executablePath: browser?.path, args: browser?.args },
  },
  projects: [
    {
      name: 'desktop',
      use: desktop,
      testIgnore: [
        '**/*.no-script.spec.ts',
        '**/*.phone.spec.ts',
        '**/start.spec.ts',
        '**/accessibility*.spec.ts',
      ],
    },
    { name: 'phone', use: phone, testMatch: '**/*.phone.spec.ts' },
    {
      name: 'no-script',
      use: { ...desktop, javaScriptEnabled: false },
      testMatch: '**/*.no-script.spec.ts',
    },
    { name: 'start', use: desktop, testMatch: '**/start.spec.ts' },
    // The whole reference takes axe two minutes: once is enough, and the narrow window is shown a part of it.
    { name: 'axe', use: desktop, testMatch: '**/accessibility*.spec.ts' },
    { name: 'axe-phone', use: phone, testMatch: '**/accessibility.spec.ts' },
  ],
});
