import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import { Section } from '#app/components/ui/section';
import { protectedLoader } from '#app/http/protected.server';
import { stepKind } from '#app/incidents/step-words';
import { paths } from '#app/lib/paths';
import { AuditLink } from '#app/settings/audit-link';
import { can, whyNot } from '#server/auth/contract';
import { listPlaybooks } from '#server/incidents/playbooks/queries';
import { INCIDENT_LEVEL_LABELS, INCIDENT_LEVELS } from '#server/incidents/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Playbooks');

export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx }) => ({
  steps: (await listPlaybooks(ctx, {})).filter(({ isActive }) => isActive),
}));

export default function Playbooks() {
  const { steps } = useLoaderData<typeof loader>();
  const subject = useSubject();
  const blockedBy = can(subject, 'playbooks.manage') ? null : whyNot('playbooks.manage', subject);
  return (
    <>
      <PageHeader title="Playbooks" actions={<AuditLink filter={{ search: 'playbooks.' }} />}>
        What an incident asks for when it begins, or comes to a level. An incident keeps the steps that it
        got: changes count for the next one.
      </PageHeader>
      <div className="grid gap-4">
        {INCIDENT_LEVELS.map((level) => {
          const its = steps.filter((step) => step.level === level);
          return (
            <Section
              key={level}
              title={`Level ${level}, ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}`}
              flush
              aside={
                <LinkButton to={paths.playbook(level)} size="s" blockedBy={blockedBy}>
                  Change<span className="sr-only"> the playbook of level {level}</span>
                </LinkButton>
              }
            >
              {its.length === 0 ? (
                <p className="p-4 text-muted">It asks for nothing. Add what should be done at this level.</p>
              ) : (
                <ol className="list-none">
                  {its.map((step, at) => (
                    <li
                      key={step.key}
                      className="grid grid-cols-[1.5rem_minmax(0,1fr)] border-b border-line px-4 py-2 last:border-0"
                    >
                      <span className="text-muted">{at + 1}</span>
                      <span className="min-w-0">
                        <span className="font-medium break-words">{step.title}</span>{' '}
                        <span className="text-s text-muted">{stepKind(step)}</span>
                        {step.description ? (
                          <span className="block text-s text-pretty break-words text-muted">
                            {step.description}
                          </span>
                        ) : null}
                      </span>
                    </li>
                  ))}
                </ol>
              )}
            </Section>
          );
        })}
      </div>
    </>
  );
}
