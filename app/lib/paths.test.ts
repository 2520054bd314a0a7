import { describe, expect, it } from 'vitest';
import { isCurrentPath, paths, withQuery } from '#app/lib/paths';

const place = { service: 'shop', environment: 'production' };

describe('paths', () => {
  it('names service and environment in operational addresses', () => {
    expect(paths.rollback(place)).toBe('/shop/production/rollback');
    expect(paths.newDeployment(place, 'v1.2.0+a b')).toBe(
      '/shop/production/deployments/new?tag=v1.2.0%2Ba+b',
    );
    expect(paths.lock(place)).toBe('/shop/production/lock');
  });

  it('leaves empty filters out and keeps zero', () => {
    expect(withQuery('/runs', { page: undefined, search: '', status: null, after: 0 })).toBe('/runs?after=0');
  });

  it('escapes what people and files named', () => {
    expect(paths.run('a/b')).toBe('/runs/a%2Fb');
    expect(paths.login('/runs?page=2')).toBe('/login?redirectTo=%2Fruns%3Fpage%3D2');
  });
});

describe('isCurrentPath', () => {
  it('takes the overview exactly and sections by prefix', () => {
    expect(isCurrentPath('/', '/runs')).toBe(false);
    expect(isCurrentPath('/runs', '/runs/1')).toBe(true);
    expect(isCurrentPath('/runs', '/runsx')).toBe(false);
  });
});
