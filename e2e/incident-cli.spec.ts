import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEMO_PEOPLE } from '#server/auth/demo';
import { PNG } from '#server/testing/images';
import { ops, tokenOf } from './support/ops';
import { expect, test } from './support/test';

interface Declared {
  number: number;
  name: string;
}

test('an incident is led from the command line, from its first word to its post-mortem', async ({
  baseURL,
}) => {
  const origin = baseURL ?? '';
  const env = { OPS_URL: origin, OPS_TOKEN: await tokenOf('responder', origin) };
  const say = async (words: string | string[]) => {
    const { code, stdout, stderr } = await ops(words, env);
    expect([words, code, stderr]).toEqual([words, 0, '']);
    return stdout;
  };
  const declared = await say(
    'incident start Checkout fails for everybody --level 2 --environment drill/staging --json',
  );
  const { number, name } = JSON.parse(declared) as Declared;
  expect(name).toBe(`INC-${number}`);
  expect(await say('incident list')).toMatch(new RegExp(`${name} .*Checkout fails for everybody`));

  expect(await say(`incident alert-critical ${name}`)).toContain(name);
  expect(await say(`incident assess ${name}`)).toContain('drill/staging');
  const began = new Date(Date.now() - 5 * 60_000).toISOString().slice(0, 16);
  await say(`incident note ${name} The provider answers 503 --at ${began}Z`);
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'ops-images-')), 'dashboard.png');
  writeFileSync(file, PNG);
  const withImage = ['incident', 'note', name, 'The dashboard', '--image', file, '--alt', 'A red line'];
  expect(await say(withImage)).toContain('dashboard.png, 3 × 2 pixels');
  const none = await ops(['incident', 'note', name, '--image', `${file}.gone`], env);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining(`there is no file "${file}.gone"`)]);
  await say(`incident workaround ${number} Pay by invoice`);
  await say(`incident schedule-fix ${name} Ask the provider twice --due 2030-01-31`);
  await say([
    'incident',
    'status-page-update',
    name,
    'We look into it.',
    '--title',
    'Payments fail',
    '--impact',
    'drill-staging=degraded',
    '--next',
    '30',
  ]);
  const page = await (await fetch(`${origin}/status`)).text();
  expect(page).toContain('We look into it.');
  expect(page).not.toContain(name);
  expect(await say('emergency assess-damage drill/staging')).toContain('drill/staging');
  expect(await say('emergency restore-service drill/staging')).toMatch(/[Rr]oll/);

  const missing = await ops('incident note INC-999999 Lost', env);
  expect([missing.code, missing.stdout]).toEqual([expect.any(Number), '']);
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toContain('There is no INC-999999. Nothing was changed.');

  await say(
    `incident status-page-update ${name} It works again. --state resolved --impact drill-staging=none`,
  );
  expect(await say(['incident', 'resolve', name, '--note', 'The provider is back'])).toContain(name);
  const shown = await say(`incident show ${name}`);
  for (const text of [
    'The provider answers 503',
    'Pay by invoice',
    'Ask the provider twice',
    'The provider is back',
  ])
    expect(shown).toContain(text);

  await expect
    .poll(async () => (await ops(`postmortem export ${name}`, env)).stdout, { timeout: 30_000 })
    .toContain('Ask the provider twice');
  const document = await say(`postmortem export ${name}`);
  expect(document).toMatch(new RegExp(`^# .*${name}`));
  expect(document).toContain('The provider answers 503');
  const owner = DEMO_PEOPLE.find(({ role }) => role === 'responder')?.name ?? '';
  expect(await say(`postmortem show ${name}`)).toMatch(new RegExp(`Ask the provider twice.*${owner}`));
});
