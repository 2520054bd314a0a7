import { describe, expect, it } from 'vitest';
import { isAnswered } from '#app/lib/route-table-suite';
import { makeCatalogue } from '#app/palette/catalogue';
import type { PaletteFacts } from '#app/palette/entry';
import { aRelease, aRun, someFacts } from '#app/palette/facts-suite';
import { ROLES } from '#server/auth/contract';
import { COMMANDS } from '#server/cli/ops/commands';

const AT = '2026-03-01T09:05:07.000Z';

function entryOf(facts: PaletteFacts, id: string) {
  const entry = makeCatalogue(facts).find((each) => each.id === id);
  if (!entry) throw new Error(`There is no entry ${id}`);
  return entry;
}

const reasonOf = (facts: PaletteFacts, id: string) => entryOf(facts, id).blockedBy;

describe('the catalogue', () => {
  it('names every entry once, and leads only to pages that there are', () => {
    for (const role of ROLES) {
      const entries = makeCatalogue(someFacts(role));
      const ids = entries.map(({ id }) => id);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
      const addresses = entries.map(({ does }) => (does.kind === 'send' ? does.action : does.href));
      expect(addresses.filter((address) => !isAnswered(address))).toEqual([]);
    }
  });

  it('has the open incidents by number and title, and the way to declare one, for who may', () => {
    expect(entryOf(someFacts('viewer'), 'incident:42')).toMatchObject({
      title: 'INC-42 Checkout fails',
      detail: 'level 2, identified',
      blockedBy: null,
      does: { kind: 'open', href: '/incidents/42' },
    });
    expect(reasonOf(someFacts('responder'), 'incident:declare')).toBeNull();
    expect(reasonOf(someFacts('viewer'), 'incident:declare')).not.toBeNull();
  });

  it('sends nothing but what changes the console of its person', () => {
    const sent = makeCatalogue(someFacts('admin')).filter(({ does }) => does.kind === 'send');
    expect(sent.map(({ id }) => id)).toEqual(['theme:system', 'theme:light', 'theme:dark', 'sign-out']);
  });

  it('gives commands the names that the command line has for them', () => {
    const known = (name: string) =>
      COMMANDS.some(
        ({ path, knownAs }) =>
          knownAs === name ||
          path === name ||
          path.replaceAll(' ', ':') === name ||
          name.startsWith(`${path}:`),
      );
    const names = new Set(makeCatalogue({ ...someFacts('admin') }).flatMap(({ command }) => command ?? []));
    expect([...names].filter((name) => !known(name))).toEqual([]);
    for (const name of [
      'deploy:production',
      'rollback',
      'pre-deploy-check',
      'post-deploy-validate',
      'status:health',
    ])
      expect(names).toContain(name);
  });

  it('tells a person what role they would need', () => {
    const viewer = someFacts('viewer');
    for (const id of ['deploy:shop/production', 'rollback:shop/production', 'check:shop/production'])
      expect(reasonOf(viewer, id)).toBe('Needs the role Responder or above.');
    expect(reasonOf(viewer, 'page:/settings/people/new')).toBe('Needs the role Admin or above.');
    expect(reasonOf(viewer, 'page:/runs')).toBeNull();
    expect(reasonOf(someFacts('responder'), 'deploy:shop/production:v1.4.0')).toBeNull();
  });

  it('refuses deploys to a locked environment with who locked it and why, and no rollback', () => {
    const lock = { id: '1', reason: 'Inventory until noon', lockedByName: 'Ada', lockedAt: AT, runId: null };
    const facts = someFacts('commander', { lock });
    const reason = 'Locked by Ada: Inventory until noon';
    expect(reasonOf(facts, 'deploy:shop/production')).toBe(reason);
    expect(reasonOf(facts, 'deploy:shop/production:v1.4.0')).toBe(reason);
    expect(reasonOf(facts, 'lock:shop/production')).toBe(reason);
    expect(reasonOf(facts, 'rollback:shop/production')).toBeNull();
    expect(reasonOf(facts, 'unlock:shop/production')).toBeNull();
    expect(reasonOf(someFacts('commander'), 'unlock:shop/production')).toBe('It is not locked');
  });

  it('refuses deploys during a freeze, but not to those who may override it', () => {
    const freeze = { id: '1', reason: 'Christmas', until: AT, byName: 'Ada' };
    expect(reasonOf(someFacts('responder', { freeze }), 'deploy:shop/production')).toBe(
      'Frozen until 2026-03-01 09:05:07 UTC: Christmas',
    );
    expect(reasonOf(someFacts('commander', { freeze }), 'deploy:shop/production')).toBeNull();
    expect(reasonOf(someFacts('responder', { freeze }), 'rollback:shop/production')).toBeNull();
  });

  it('says which run holds the environment, and that a release is faulty', () => {
    const activeRun = aRun(43, { status: 'running' });
    const held = 'Run #43 (Deploy v1.43.0) holds this environment';
    expect(reasonOf(someFacts('responder', { activeRun }), 'deploy:shop/production')).toBe(held);
    expect(reasonOf(someFacts('responder', { activeRun }), 'validate:shop/production')).toBe(held);
    const facts = someFacts('responder');
    const releases = [aRelease('v1.4.0', { verdict: 'faulty', verdictReason: 'Checkout fails' })];
    const environments = facts.environments.map((each) => ({ ...each, releases }));
    expect(reasonOf({ ...facts, environments }, 'deploy:shop/production:v1.4.0')).toBe(
      'v1.4.0 is marked faulty: Checkout fails',
    );
  });

  it('says that there is nothing to go back to, and nothing to validate', () => {
    const facts = someFacts('responder', { live: null });
    const rollback = { tag: null, blockedBy: 'There is no known-good release yet', alternatives: [] };
    const environments = facts.environments.map((each) => ({ ...each, rollback }));
    expect(reasonOf({ ...facts, environments }, 'rollback:shop/production')).toBe(rollback.blockedBy);
    expect(reasonOf({ ...facts, environments }, 'validate:shop/production')).toBe('Nothing is live yet');
  });

  it('offers to cancel what goes on and to resume what failed, on the page of the run', () => {
    const runs = [
      aRun(43, { status: 'running' }),
      aRun(42, { status: 'cancelling' }),
      aRun(41, { status: 'failed' }),
    ];
    const facts = { ...someFacts('responder'), runs };
    const [running, cancelling, failed] = runs as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
    expect(entryOf(facts, `cancel:${running.id}`)).toMatchObject({
      blockedBy: null,
      does: { kind: 'open', href: `/runs/${running.id}` },
    });
    expect(reasonOf(facts, `cancel:${cancelling.id}`)).toBe('It is being cancelled');
    expect(reasonOf(facts, `resume:${failed.id}`)).toContain('Run #43');
    expect(reasonOf({ ...facts, runs: [failed] }, `resume:${failed.id}`)).toBeNull();
    expect(reasonOf({ ...facts, subject: { type: 'user', role: 'viewer' } }, `cancel:${running.id}`)).toBe(
      'Needs the role Responder or above.',
    );
  });
});
