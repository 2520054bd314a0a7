import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { CircleCheck } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { EmptyState, FailureNotice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { useFormKey, useKeyAfter } from '#app/lib/use-form-key';
import { useHeld } from '#app/lib/use-held';
import { ComponentList } from '#app/status/component-list';
import { beginning, type Draft, draftOf, instantOf, listOf, seenDrafts } from '#app/status/drafts';
import { aboutOf, DraftList } from '#app/status/kept-drafts';
import { AnnounceForm, MaintenanceItem } from '#app/status/maintenance';
import { Proposals } from '#app/status/proposals';
import { PublicIncidentItem } from '#app/status/public-incident';
import { UpdateForm } from '#app/status/update-form';
import { can, whyNot } from '#server/auth/contract';
import { discardStatusDraft, keepStatusDraft } from '#server/status/commands/keep-drafts';
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
  return { composer, draft: beginning(composer, url.searchParams) };
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
        const draft = draftOf(form);
        const { number, version, incident, title } = draft;
        const { own, taken } = seenDrafts(draft);
        const posted = await postStatusUpdate(ctx, {
          ...wordsOf(draft),
          ...(number === '' ? { title, incident: incident || undefined } : { number, version }),
          drafts: [own, taken].filter((each) => each !== undefined),
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
    'keep-draft': {
      access: 'status.manage',
      handle: async ({ ctx, context, form }) => {
        const draft = draftOf(form);
        const { own, taken } = seenDrafts(draft);
        const kept = await keepStatusDraft(ctx, {
          ...wordsOf(draft),
          title: draft.title,
          number: draft.number || undefined,
          incident: draft.incident || undefined,
          seen: own,
          taken,
        });
        return redirectWithToast(context, paths.statusUpdates({ ...aboutOf(draft), draft: kept.id }), {
          kind: 'success',
          message: 'The draft is kept. The public sees nothing of it.',
        });
      },
    },
    'discard-draft': {
      access: 'status.manage',
      handle: async ({ ctx, context, form }) => {
        const draft = draftOf(form);
        await discardStatusDraft(ctx, { draftId: draft.draftId, version: draft.draftVersion });
        return redirectWithToast(context, paths.statusUpdates(aboutOf(draft)), {
          kind: 'success',
          message: 'The draft is thrown away.',
        });
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

/** What posting and keeping have in common. */
function wordsOf({ state, text, impacts, nextUpdateMinutes }: Draft) {
  return {
    state,
    text,
    impacts: Object.entries(impacts).map(([component, impact]) => ({ component, impact })),
    nextUpdateMinutes: nextUpdateMinutes || undefined,
  };
}

/**
 * What was refused because somebody was quicker goes on from what is there by now, which the page shows, with the same words: sent
 * once more, they come after what was posted, or in the place of what was kept.
 */
function goOn(typed: Draft, now: Draft, { error, intent }: ActionFailure): Draft {
  if (error.kind !== 'conflict' || typed.number !== now.number) return typed;
  if (intent === 'post') return { ...typed, version: now.version };
  const from = typed.from === 'own' ? '' : typed.from;
  return { ...typed, draftId: now.draftId, draftVersion: now.draftVersion, from };
}

export default function StatusUpdates() {
  const { composer, draft: loaded } = useLoaderData<typeof loader>();
  const answer = useAnswer<typeof action>() as ActionFailure | { preview: Draft } | undefined;
  const draft = useHeld(loaded);
  const failure = answer && 'error' in answer ? answer : undefined;
  const preview = answer && 'preview' in answer ? answer.preview : undefined;
  const failed = (intent: string) => (failure?.intent === intent ? failure : undefined);
  const subject = useSubject();
  const { components, open, recent, maintenance, proposals, drafts, places } = composer;
  const shown = components.filter(({ isShown, isRetired }) => isShown && !isRetired);
  const updateKey = useFormKey('post', 'preview', 'keep-draft', 'discard-draft');
  const announceKey = useKeyAfter((sent) => sent?.get('intent') === 'announce');
  const refused = failed('post') ?? failed('keep-draft');
  const begun = refused ? goOn(draftOf(refused.values), draft, refused) : (preview ?? draft);
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
          <DraftList
            composer={composer}
            without={[begun.draftId, begun.from === 'taken' ? begun.takenId : '']}
          />
          <UpdateForm
            key={updateKey}
            begun={begun}
            open={open}
            components={shown}
            drafts={drafts}
            preview={preview}
            failure={refused}
          />
          <Section title="Maintenance" flush>
            <AnnounceForm key={announceKey} components={shown} failure={failed('announce')} />
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
