import { hiddenField, type Person } from './person';

/** Declares an incident by the form, of nothing that runs. @returns its number */
export async function declareIncident(person: Person, form: Record<string, string>): Promise<number> {
  const made = await person.post('/incidents/new', { intent: 'declare', ...form });
  const number = Number(/^\/incidents\/(\d+)$/.exec(made.location ?? '')?.[1]);
  if (!number) throw new Error(`The incident was not declared: ${made.status}`);
  return number;
}

/** Resolves an incident by the form, so that it is on no other test's pages. */
export async function resolveIncident(person: Person, number: number): Promise<void> {
  const { text } = await person.get(`/incidents/${number}`);
  const version = hiddenField(text, 'version');
  const { status } = await person.post(`/incidents/${number}`, {
    intent: 'state',
    state: 'resolved',
    version,
  });
  if (status !== 303) throw new Error(`INC-${number} was not resolved: ${status}`);
}
