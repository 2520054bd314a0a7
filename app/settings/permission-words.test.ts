import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALL_GROUPS,
  groupPermissions,
  PRESETS,
  presetScopes,
  summariseScopes,
} from '#app/settings/permission-words';
import { PERMISSIONS, type Permission, permissionsOf, ROLES } from '#server/auth/contract';

const all = Object.keys(PERMISSIONS) as Permission[];

describe('groupPermissions', () => {
  it('has every permission exactly once', () => {
    const listed = ALL_GROUPS.flatMap((group) => group.permissions);
    expect([...listed].sort()).toEqual([...all].sort());
  });

  it('shows what it was given, and no empty group', () => {
    fc.assert(
      fc.property(fc.subarray(all), (some) => {
        const groups = groupPermissions(some);
        expect(groups.flatMap((group) => group.permissions).sort()).toEqual([...some].sort());
        for (const group of groups) expect(group.permissions.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('presetScopes', () => {
  it.each(ROLES)('never gives a %s more than they have, and each preset includes the one before', (role) => {
    const own = permissionsOf({ type: 'user', role });
    const [read = [], deploy = [], everything = []] = PRESETS.map((preset) => presetScopes(preset, own));
    expect(own).toEqual(expect.arrayContaining(everything));
    expect(everything).toEqual(expect.arrayContaining(deploy));
    expect(deploy).toEqual(expect.arrayContaining(read));
    expect(read.every((scope) => scope.endsWith('.read'))).toBe(true);
    expect(everything).toEqual(own);
  });

  it('lets a responder deploy and roll back, and manage nobody', () => {
    const scopes = presetScopes('deploy', permissionsOf({ type: 'user', role: 'responder' }));
    expect(scopes).toContain('deployments.rollback');
    expect(scopes).not.toContain('account.manage');
    expect(summariseScopes(scopes)).toBe('Deploy and roll back');
  });
});

describe('summariseScopes', () => {
  it('says a preset only of exactly that, else how many', () => {
    expect(summariseScopes(all)).toBe('Everything');
    expect(summariseScopes(['runs.read'])).toBe('Read only');
    expect(summariseScopes(['runs.read', 'deployments.deploy'])).toBe('2 permissions');
    expect(summariseScopes(['runs.cancel'])).toBe('1 permission');
  });
});
