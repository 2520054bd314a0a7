import { defineConfig, devices } from '@playwright/test';
import { findBrowser } from '#server/platform/browser';

const browser = await findBrowser();
const port = Number(process.env.E2E_PORT ?? 4600);
const baseURL = `http://127.0.0.1:${port}`;
const desktop = { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 800 } };

/** The whole console, started as a person starts it, with a data folder of its own. One environment: one test at a time. */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/e2e',
  fullyParallel: false,
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  use: {
    baseURL,
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
    launchOptions: { executablePath: browser?.path, args: browser?.args },
  },
  projects: [
    { name: 'desktop', use: desktop, testIgnore: '**/*.no-script.spec.ts' },
    {
      name: 'phone',
      use: { ...devices['Pixel 7'], viewport: { width: 390, height: 844 } },
      testIgnore: '**/*.no-script.spec.ts',
    },
    { name: 'no-script', use: { ...desktop, javaScriptEnabled: false }, testMatch: '**/*.no-script.spec.ts' },
  ],
  webServer: {
    command: 'node server/cli/boot.mjs start',
    url: `${baseURL}/api/health`,
    timeout: 180_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
    stdout: 'pipe',
    env: {
      PORT: String(port),
      DATA_DIR: process.env.E2E_DATA_DIR ?? '.data/e2e',
      DATABASE_URL: '',
      SHOP_DATABASE_URL: '',
    },
  },
});
