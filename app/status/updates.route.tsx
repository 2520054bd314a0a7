import type { MetaFunction } from '@remix-run/node';
import { useActionData, useLoaderData } from '@remix-run/react';
import { CircleCheck } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { EmptyState, FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useFormKey } from '#app/lib/use-form-key';
import { ComponentList } from '#app/status/component-list';
import { beginning, type Draft, draftOf, instantOf, listOf } from '#app/status/drafts';
import { AnnounceForm, MaintenanceItem } from '#app/status/maintenance';
import { Proposals } from '#app/status/proposals';
import { PublicIncidentItem } from '#app/status/public-incident';
import { UpdateForm } from '#app/status/update-form';
import { can, whyNot } from '#server/auth/contract';
import {
  addStatusComponent,
  changeStatusComponent,
  retireStatusComponent,
} from '#server/status/commands/manage-components';
import { announceMaintenance, cancelMaintenance } from '#server/status/commands/manage-page';
import { postStatusUpdate } from '#server/status/commands/post-update';
import { getStatusComposer } from '#server/status/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Status page');

/** The address says what the update is about and how it begins. */
export const loader = protectedLoader({ access: 'status.manage' }, async ({ ctx, url }) => {
  const composer = await getStatusComposer(ctx, {});
  const draft = beginning(composer, url.searchParams);
  // Posted once, however often its form is sent.
  return { composer, draft: { ...draft, requestKey: ctx.ids.uuid() } };
});

export const action = protectedAction({
  intents: {
    preview: {
      access: 'status.manage',
      handle: async ({ form }) => ({ preview: draftOf(form) }),
    },
    post: {
      access: 'status.manage',
      handle: async ({ ctx, context, form }) => {
        const { number, version, incident, title, impacts, ...rest } = draftOf(form);
        const posted = await postStatusUpdate(ctx, {
          ...rest,
          ...(number === '' ? { title, incident: incident || undefined } : { number, version }),
          impacts: Object.entries(impacts).map(([component, impact]) => ({ component, impact })),
          nextUpdateMinutes: rest.nextUpdateMinutes || undefined,
        });
        return redirectWithToast(
          context,
          paths.statusUpdates({ number: posted.resolvedAt ? '' : posted.number }),
          {
            kind: 'success',
            message: `The public sees it: ${posted.title}`,
          },
        );
      },
    },
    announce: {
      access: 'status.manage',
      handle: async ({ ctx, context, form }) => {
        await announceMaintenance(ctx, {
          title: form.title,
          text: form.text,
          startsAt: instantOf(form.startsAt),
          endsAt: instantOf(form.endsAt),
          components: listOf(form.components),
        });
        return redirectWithToast(context, paths.statusUpdates(), {
          kind: 'success',
          message: 'The maintenance is announced.',
        });
      },
    },
    cancel: {
      access: 'status.manage',
      handle: async ({ ctx, context, form }) => {
        await cancelMaintenance(ctx, { maintenanceId: form.maintenanceId });
        return redirectWithToast(context, paths.statusUpdates(), {
          kind: 'success',
          message: 'The public sees that it is cancelled.',
        });
      },
    },
    component: {
      access: 'status.configure',
      handle: async ({ ctx, context, form }) => {
        await changeStatusComponent(ctx, {
          key: form.key,
          version: form.version,
          name: form.name,
          description: form.description,
          position: form.position,
          group: form.group,
          checkKeys: listOf(form.checkKeys),
          isShown: form.isShown === 'true',
        });
        return redirectWithToast(context, paths.statusUpdates(), {
          kind: 'success',
          message: 'The component is changed.',
        });
      },
    },
    'add-component': {
      access: 'status.configure',
      handle: async ({ ctx, context, form }) => {
        const { name } = await addStatusComponent(ctx, {
          service: form.service,
          environment: form.environment,
          name: form.name,
          description: form.description,
          group: form.group,
          checkKeys: listOf(form.checkKeys),
        });
        return redirectWithToast(context, paths.statusUpdates(), {
          kind: 'success',
          message: `The public sees ${name}.`,
        });
      },
    },
    'retire-component': {
      access: 'status.configure',
      handle: async ({ ctx, context, form }) => {
        const { name } = await retireStatusComponent(ctx, { key: form.key, version: form.version });
        return redirectWithToast(context, paths.statusUpdates(), {
          kind: 'success',
          message: `${name} is off the page. What the public was told of it stays.`,
        });
      },
    },
  },
});

export default function StatusUpdates() {
  const { composer, draft } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>() as ActionFailure | { preview: Draft } | undefined;
  const failure = answer && 'error' in answer ? answer : undefined;
  const preview = answer && 'preview' in answer ? answer.preview : undefined;
  const failed = (intent: string) => (failure?.intent === intent ? failure : undefined);
  const subject = useSubject();
  const { components, open, recent, maintenance, proposals, places } = composer;
  const shown = components.filter(({ isShown, isRetired }) => isShown && !isRetired);
  const updateKey = useFormKey('post', 'preview');
  // Somebody was quicker: the page shows by now what they posted, and the same words can be posted after it.
  const goOn = (typed: Draft): Draft =>
    failure?.error.kind === 'conflict' && typed.number === draft.number
      ? { ...typed, version: draft.version }
      : typed;
  const names = new Map(components.map(({ key, name }) => [key, name]));
  return (
    <>
      <PageHeader
        title="Status page"
        actions={
          <a href={paths.publicStatus()} className="link hit inline-flex items-center">
            What the public sees
          </a>
        }
      >
        What is posted here is public as it is, for everybody, at once.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <div className="grid min-w-0 gap-4">
          <Proposals proposals={proposals} />
          <UpdateForm
            key={updateKey}
            begun={failed('post') ? goOn(draftOf(failure?.values ?? {})) : (preview ?? draft)}
            open={open}
            components={shown}
            preview={preview}
            failure={failed('post')}
          />
          <Section title="Maintenance" flush>
            <AnnounceForm components={shown} failure={failed('announce')} />
            {maintenance.length > 0 ? (
              <ul className="divide-y divide-line border-t border-line">
                {maintenance.map((each) => (
                  <MaintenanceItem key={each.id} maintenance={each} names={names} />
                ))}
              </ul>
            ) : null}
          </Section>
        </div>
        <div className="grid min-w-0 gap-4">
          <Section title="Open, outside" note={open.length > 0 ? `${open.length} in all` : null} flush>
            {open.length > 0 ? (
              <ul className="divide-y divide-line">
                {open.map((each) => (
                  <PublicIncidentItem key={each.number} incident={each} names={names} />
                ))}
              </ul>
            ) : (
              <EmptyState icon={CircleCheck} title="The public knows of no trouble">
                An incident that visitors notice is told of here, within five minutes.
              </EmptyState>
            )}
          </Section>
          <ComponentList
            components={components}
            places={places}
            failure={failure}
            blockedBy={can(subject, 'status.configure') ? null : whyNot('status.configure', subject)}
          />
          {recent.length > 0 ? (
            <Section title="Resolved" note="the last ten" flush>
              <ul className="divide-y divide-line">
                {recent.map((each) => (
                  <PublicIncidentItem key={each.number} incident={each} names={names} />
                ))}
              </ul>
            </Section>
          ) : null}
        </div>
      </div>
    </>
  );
}
