import { describe, expect, it } from 'vitest';
import { formValues, withoutSecrets } from '#app/http/form.server';

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
