import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  can,
  mayGrant,
  PERMISSIONS,
  type Permission,
  permissionsOf,
  ROLES,
  type Subject,
  whyNot,
} from '#server/auth/contract';

const everything = Object.keys(PERMISSIONS) as Permission[];
const permission = fc.constantFrom(...everything);
const role = fc.constantFrom(...ROLES, 'nonsense', '', null);
const scopes = fc.array(fc.oneof(permission, fc.constantFrom('nonsense', '', '*', 'constructor')));

describe('the resolver', () => {
  it('gives a token nothing that its person or its scopes do not have', () => {
    fc.assert(
      fc.property(role, scopes, permission, (has, list, wanted) => {
        const person: Subject = { type: 'user', role: has };
        const through = can({ ...person, token: { scopes: list } }, wanted);
        expect(through).toBe(can(person, wanted) && list.includes(wanted));
      }),
    );
  });

  it('gives more with each role, and nothing without one', () => {
    fc.assert(
      fc.property(permission, fc.integer({ min: 0, max: ROLES.length - 2 }), (wanted, at) => {
        const less = can({ type: 'user', role: ROLES[at] as string }, wanted);
        const more = can({ type: 'user', role: ROLES[at + 1] as string }, wanted);
        expect(more || !less).toBe(true);
      }),
    );
    expect(permissionsOf({ type: 'user', role: null })).toEqual([]);
    expect(permissionsOf({ type: 'anonymous', role: 'admin' })).toEqual([]);
    expect(permissionsOf({ type: 'user', role: 'admin' })).toEqual(everything);
  });

  it('lets nobody hand out a role with more than they have', () => {
    fc.assert(
      fc.property(role, fc.option(scopes), fc.constantFrom(...ROLES), (has, list, given) => {
        const giver: Subject = { type: 'user', role: has, token: list && { scopes: list } };
        if (!mayGrant(giver, given)) return;
        const gets = permissionsOf({ type: 'user', role: given });
        expect(permissionsOf(giver)).toEqual(expect.arrayContaining(gets));
      }),
    );
    expect(mayGrant({ type: 'user', role: 'admin' }, 'admin')).toBe(true);
    expect(mayGrant({ type: 'user', role: 'manager' }, 'admin')).toBe(false);
    expect(mayGrant({ type: 'user', role: 'admin', token: { scopes: ['people.manage'] } }, 'viewer')).toBe(
      false,
    );
  });

  it('blames the token only where the role is enough', () => {
    const token = { scopes: ['runs.read'] };
    expect(whyNot('people.manage', { type: 'user', role: 'admin', token })).toContain('scope people.manage');
    expect(whyNot('people.manage', { type: 'user', role: 'viewer', token })).toContain('role Admin');
    expect(whyNot('people.manage')).toContain('role Admin');
  });
});
