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
