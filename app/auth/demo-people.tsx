import { Form } from '@remix-run/react';
import { Button } from '#app/components/ui/button';
import { type DemoPerson, ROLE_LABELS } from '#server/auth/contract';

/** The people whose passwords are known, each with a button that signs in; for a console that only its own machine reaches. */
export function DemoPeople({ people, redirectTo }: { people: DemoPerson[]; redirectTo: string }) {
  return (
    <section aria-labelledby="demo-people" className="grid gap-1">
      <h2 id="demo-people" className="text-m">
        Try it as somebody
      </h2>
      <p className="text-s text-muted">
        These people exist because this console runs for this machine only. Their passwords are no secret.
      </p>
      <ul className="mt-2 grid divide-y divide-line rounded-l border border-line">
        {people.map((person) => (
          <li key={person.email} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
            <div className="min-w-0 flex-1">
              <p className="font-medium">
                {person.name} <span className="font-normal text-muted">· {ROLE_LABELS[person.role]}</span>
              </p>
              <p className="break-words text-s text-muted">{person.email}</p>
              <p className="text-s text-muted">
                Password <code className="whitespace-nowrap">{person.password}</code>
              </p>
            </div>
            <Form method="post">
              <input type="hidden" name="email" value={person.email} />
              <input type="hidden" name="password" value={person.password} />
              <input type="hidden" name="redirectTo" value={redirectTo} />
              <Button type="submit" aria-label={`Sign in as ${person.name}, ${ROLE_LABELS[person.role]}`}>
                Sign in
              </Button>
            </Form>
          </li>
        ))}
      </ul>
    </section>
  );
}
