import { createHash } from 'node:crypto';
import stableStringify from 'safe-stable-stringify';
import { REQUEST_KEY } from '#app/lib/request-key';
import type { IdempotencyInfo } from '#server/platform/context';

/** A submitted form: a field that came several times is a list. */
export type FormValues = Record<string, string | string[]>;

/** Reads the form of a request, and the files that it brings; a file field left empty brings none. */
export async function readForm(request: Request): Promise<{ form: FormValues; files: File[] }> {
  const data = await request.formData();
  const files = [...data.values()].filter(
    (value): value is File => typeof value !== 'string' && (value.size > 0 || value.name !== ''),
  );
  return { form: formValues(data), files };
}

/** True for a form with files, which is read only for who may send it. */
export function bringsFiles(request: Request): boolean {
  return (request.headers.get('Content-Type') ?? '').startsWith('multipart/form-data');
}

export function formValues(form: FormData): FormValues {
  const values: FormValues = Object.create(null);
  for (const [name, value] of form) {
    if (typeof value !== 'string') continue;
    const before = values[name];
    if (before === undefined) values[name] = value;
    else values[name] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return { ...values };
}

/** What may be shown again in a form that was refused: everything but passwords and tokens. */
export function withoutSecrets(values: FormValues): FormValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !/password|token|secret/i.test(name)));
}

/**
 * What tells that a form is the same one sent again, by a double click or by a browser that tries once more: the key of the
 * page that it stood on, where it went, and all that it held. The same page with another text is another request. Null for
 * a form without a key.
 * @param path where the form was sent
 */
export function repetitionOf(path: string, form: FormValues, files: File[]): IdempotencyInfo | null {
  const { [REQUEST_KEY]: key, ...values } = form;
  if (typeof key !== 'string' || !/^[0-9a-f-]{36}$/.test(key)) return null;
  const sent = { path, values, files: files.map(({ name, size }) => [name, size]) };
  const fingerprint = createHash('sha256').update(stableStringify(sent)).digest('hex');
  return { key: `${key}:${fingerprint}`, operation: `form ${path}`, fingerprint, isPerCommand: true };
}
