import { describe, expect, it } from 'vitest';
import { makeCatalogue } from '#app/palette/catalogue';
import { aRun, someFacts } from '#app/palette/facts-suite';
import { rank } from '#app/palette/rank';

const entries = makeCatalogue(someFacts('admin'));
const nowhere = { recent: [], place: null };

const found = (typed: string, options = nowhere as { recent: string[]; place: string | null }) =>
  rank(entries, typed, options).flatMap((group) => group.entries.map(({ id }) => id));

describe('rank', () => {
  it.each([
    ['rollback', 'rollback:shop/production'],
    ['roll back', 'rollback:shop/production'],
    ['rlbk', 'rollback:shop/production'],
    ['deploy:production', 'deploy:shop/production'],
    ['ops deploy production', 'deploy:shop/production'],
    ['pre-deploy-check', 'check:shop/production'],
    ['post-deploy-validate', 'validate:shop/production'],
    ['status:console', 'page:/api/health'],
    ['status:health', 'page:/checks'],
    ['deploy v1.4', 'deploy:shop/production:v1.4.0'],
    ['1.4.0 deploy', 'deploy:shop/production:v1.4.0'],
    ['deploy v1.4.0 shop', 'deploy:shop/production:v1.4.0'],
    ['unlock', 'unlock:shop/production'],
    ['audt', 'page:/audit'],
    ['dark', 'theme:dark'],
    ['log out', 'sign-out'],
    ['drill', 'drill:drill/staging'],
    ['new token', 'page:/settings/tokens/new'],
    ['invite', 'page:/settings/people/new'],
    ['#42', 'run:00000000-0000-7000-8000-000000000042'],
    ['shortcuts', 'help'],
  ])('finds %s', (typed, id) => {
    expect(found(typed)[0]).toBe(id);
  });

  it('puts what can be done before what was done, but a number first', () => {
    const runs = [aRun(7, { procedure: 'deployments.rollback', title: 'Roll back production to v1.2.0' })];
    const listed = makeCatalogue({ ...someFacts('admin'), runs });
    const first = (typed: string) => rank(listed, typed, nowhere)[0]?.entries[0]?.id;
    expect(first('roll back production')).toBe('rollback:shop/production');
    expect(first('#7')).toBe(`run:${runs[0]?.id}`);
  });

  it('leaves out what only happens to have a letter of it', () => {
    expect(found('rollback')).not.toContain('page:/audit');
    expect(found('zzqx')).toEqual(['search-runs']);
  });

  it('shows what was used last on top while nothing is typed, and lists it once', () => {
    const [first] = rank(entries, '', { recent: ['sign-out', 'gone:1', 'page:/audit'], place: null });
    expect(first?.title).toBe('Recently used');
    expect(first?.entries.map(({ id }) => id)).toEqual(['sign-out', 'page:/audit']);
    const all = found('', { recent: ['sign-out'], place: null });
    expect(all.filter((id) => id === 'sign-out')).toHaveLength(1);
  });

  it('prefers what was used last, and what the open page is about, among equals', () => {
    const two = someFacts('admin');
    const other = two.environments.map((each) => ({
      ...each,
      state: { ...each.state, environment: 'staging' },
    }));
    const both = makeCatalogue({ ...two, environments: [...two.environments, ...other] });
    const first = (options: { recent: string[]; place: string | null }) =>
      rank(both, 'roll back', options)[0]?.entries[0]?.id;
    expect(first({ recent: [], place: 'shop/staging' })).toBe('rollback:shop/staging');
    expect(first({ recent: [], place: 'shop/production' })).toBe('rollback:shop/production');
    expect(first({ recent: ['rollback:shop/staging'], place: null })).toBe('rollback:shop/staging');
  });

  it('offers to search for a run that is not listed', () => {
    const last = rank(entries, '#7', nowhere).at(-1)?.entries[0];
    expect(last).toMatchObject({ title: 'Find run #7', does: { kind: 'open', href: '/runs?search=%237' } });
  });
});
