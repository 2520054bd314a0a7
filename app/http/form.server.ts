/** A submitted form: a field that came several times is a list. Files are not taken. */
export type FormValues = Record<string, string | string[]>;

/** Reads the form of a request. */
export async function readForm(request: Request): Promise<FormValues> {
  return formValues(await request.formData());
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
