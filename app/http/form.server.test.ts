import { describe, expect, it } from 'vitest';
import { formValues, repetitionOf, withoutSecrets } from '#app/http/form.server';

function form(...fields: [string, string][]): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

describe('formValues', () => {
  it('keeps a single field as text and a repeated one as a list in order', () => {
    expect(formValues(form(['a', '1'], ['b', 'x'], ['b', 'y'], ['b', 'z']))).toEqual({
      a: '1',
      b: ['x', 'y', 'z'],
    });
  });

  it('takes a field of any name as a field and nothing else', () => {
    const values = formValues(form(['__proto__', 'x'], ['constructor', 'y']));
    expect(Object.keys(values).sort()).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
  });

  it('leaves files out', () => {
    const data = form(['a', '1']);
    data.append('file', new Blob(['x']), 'x.txt');
    expect(formValues(data)).toEqual({ a: '1' });
  });
});

describe('withoutSecrets', () => {
  it('drops what must not be shown again', () => {
    const values = { email: 'a@b.c', password: 'p', newPassword: 'p', token: 't', clientSecret: 's' };
    expect(withoutSecrets(values)).toEqual({ email: 'a@b.c' });
  });
});

describe('repetitionOf', () => {
  const requestKey = 'b3f3c1de-27a8-4a55-9c0e-0d7c9a3e6a10';
  const of = (path: string, values: Record<string, string | string[]>, files: File[] = []) =>
    repetitionOf(path, { requestKey, ...values }, files)?.key;

  it('is the same for the same form whatever the order of its fields, and another for all else', () => {
    const known = of('/incidents/1', { text: 'A', intent: 'compose' });
    expect(known).toBeDefined();
    expect(of('/incidents/1', { intent: 'compose', text: 'A' })).toBe(known);
    const others = [
      of('/incidents/2', { text: 'A', intent: 'compose' }),
      of('/incidents/1', { text: 'B', intent: 'compose' }),
      of('/incidents/1', { text: 'A', intent: 'correct' }),
      of('/incidents/1', { text: 'A', intent: 'compose' }, [new File(['x'], 'x.png')]),
      of('/incidents/1', { text: 'A', intent: 'compose' }, [new File(['xy'], 'x.png')]),
      repetitionOf('/incidents/1', { requestKey: requestKey.replace('b', 'a'), text: 'A' }, [])?.key,
    ];
    expect(new Set([known, ...others]).size).toBe(others.length + 1);
  });

  it('is none for a form without a key, with several, or with one that no page gives', () => {
    for (const key of ['', 'x', [requestKey, requestKey], '../../../etc/passwd'])
      expect(repetitionOf('/', { requestKey: key }, [])).toBeNull();
    expect(repetitionOf('/', {}, [])).toBeNull();
  });
});
