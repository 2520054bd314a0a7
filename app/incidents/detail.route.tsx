import type { MetaFunction } from '@remix-run/node';
import { useLoaderData, useSearchParams } from '@remix-run/react';
import { ChoiceFilter, FilterForm } from '#app/components/data-table/filter-form';
import { Pagination } from '#app/components/data-table/pagination';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { useLiveData } from '#app/components/live/live-provider';
import { LinkButton } from '#app/components/ui/button';
import { Notice } from '#app/components/ui/notice';
import { Facts, Section } from '#app/components/ui/section';
import { StatusBadge, StatusMark } from '#app/components/ui/status-mark';
import { Elapsed, RelativeTime } from '#app/components/ui/time';
import {
  type ActionArgs,
  type ActionFailure,
  protectedAction,
  protectedLoader,
} from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { type FormParts, LevelForm, MergeForm, StatePanel } from '#app/incidents/change-panel';
import { compose } from '#app/incidents/compose.server';
import { ComposerForm } from '#app/incidents/composer-form';
import { numberOf, utcMomentOf } from '#app/incidents/form-values';
import { ImpactPanel } from '#app/incidents/impact-panel';
import { levelLook, stateLook } from '#app/incidents/looks';
import { PlaybookPanel } from '#app/incidents/playbook-panel';
import { RolesPanel } from '#app/incidents/roles-panel';
import { Timeline } from '#app/incidents/timeline';
import { TitleForm } from '#app/incidents/title-form';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { AuditLink } from '#app/settings/audit-link';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { estimateImpact, overrideImpact } from '#server/business/commands';
import { getImpact } from '#server/business/queries';
import { assignIncidentRole } from '#server/incidents/commands/assign-role';
import { changeIncidentLevel, changeIncidentState } from '#server/incidents/commands/change-incident';
import { changeIncidentTitle } from '#server/incidents/commands/change-title';
import { leaveIncidentRole } from '#server/incidents/commands/leave-role';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { pinIncidentEntry, unpinIncidentEntry } from '#server/incidents/commands/pin-entry';
import { correctIncidentEntry } from '#server/incidents/commands/write-timeline';
import type { IncidentDetail } from '#server/incidents/contract';
import { runIncidentAction } from '#server/incidents/playbooks/commands/run-action';
import { settleIncidentStep } from '#server/incidents/playbooks/commands/settle-step';
import { getPlaybook } from '#server/incidents/playbooks/queries';
import { getIncident, listTimeline } from '#server/incidents/queries';
import { listPinnedEntries } from '#server/incidents/queries/pinned';
import { INCIDENT_STATE_LABELS } from '#server/incidents/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, args.data ? `${args.data.incident.name} ${args.data.incident.title}` : 'Incident');

const ENTRIES_OF_A_PAGE = 50;

export const loader = protectedLoader({ access: 'incidents.read' }, async ({ ctx, params, url }) => {
  const given = numberOf(params.number);
  const view = Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''));
  const [incident, timeline, pinned, playbook, impact] = await Promise.all([
    getIncident(ctx, { number: given }),
    listTimeline(ctx, { pageSize: ENTRIES_OF_A_PAGE, ...view, number: given }),
    listPinnedEntries(ctx, { number: given }),
    getPlaybook(ctx, { number: given }),
    getImpact(ctx, { number: given }),
  ]);
  return { incident, timeline, pinned, playbook, impact, cameFrom: Number(given) };
});

/** Back to the page that the form was on, told what was done. */
function done({ context, params, url }: ActionArgs, message: string) {
  const { correct: _open, page: _page, ...view } = Object.fromEntries(url.searchParams);
  const to = paths.incident(Number(numberOf(params.number)), view);
  return redirectWithToast(context, to, { kind: 'success', message });
}

const access = 'incidents.manage';

const STEP_DONE: Record<string, string> = {
  done: 'The step is ticked.',
  skipped: 'The step is left out.',
  open: 'The step is to be done again.',
};

export const action = protectedAction({
  uploads: access,
  intents: {
    compose: {
      access,
      handle: async (args) => {
        await compose(args.ctx, numberOf(args.params.number), args.form, args.files);
        return done(args, 'It is in the timeline.');
      },
    },
    state: {
      access,
      handle: async (args) => {
        const { version, state, note, occurredAt } = args.form;
        const number = numberOf(args.params.number);
        const changed = await changeIncidentState(args.ctx, {
          number,
          version,
          state,
          note: note || undefined,
          occurredAt: utcMomentOf(occurredAt),
        });
        return done(args, `${changed.name} is ${INCIDENT_STATE_LABELS[changed.state].toLowerCase()}.`);
      },
    },
    level: {
      access,
      handle: async (args) => {
        const { version, level, reason } = args.form;
        const number = numberOf(args.params.number);
        const changed = await changeIncidentLevel(args.ctx, { number, version, level, reason });
        return done(args, `${changed.name} has level ${changed.level}.`);
      },
    },
    assign: {
      access,
      handle: async (args) => {
        const { version, role, email } = args.form;
        const number = numberOf(args.params.number);
        await assignIncidentRole(args.ctx, { number, version, role, email: email || undefined });
        return done(args, 'The role is given.');
      },
    },
    leave: {
      access,
      handle: async (args) => {
        const { version, role, personId } = args.form;
        const number = numberOf(args.params.number);
        await leaveIncidentRole(args.ctx, { number, version, role, personId: personId || undefined });
        return done(args, 'The role is ended.');
      },
    },
    title: {
      access,
      handle: async (args) => {
        const { version, title, reason } = args.form;
        const number = numberOf(args.params.number);
        const changed = await changeIncidentTitle(args.ctx, { number, version, title, reason });
        return done(args, `${changed.name} is called "${changed.title.slice(0, 100)}".`);
      },
    },
    step: {
      access,
      handle: async (args) => {
        const { key, version, state, note } = args.form;
        const number = numberOf(args.params.number);
        await settleIncidentStep(args.ctx, { number, key, version, state, note });
        return done(args, STEP_DONE[String(state)] ?? 'It is in the timeline.');
      },
    },
    act: {
      access,
      handle: async (args) => {
        const number = numberOf(args.params.number);
        await runIncidentAction(args.ctx, { number, action: args.form.action });
        return done(args, 'It is in the timeline.');
      },
    },
    merge: {
      access,
      handle: async (args) => {
        const { version, into, reason } = args.form;
        const number = numberOf(args.params.number);
        const goesOn = await mergeIncident(args.ctx, { number, version, into: numberOf(into), reason });
        return redirectWithToast(args.context, paths.incident(goesOn.number), {
          kind: 'success',
          message: `INC-${number} was merged into ${goesOn.name}, which goes on.`,
        });
      },
    },
    estimate: {
      access,
      handle: async (args) => {
        const { current } = await estimateImpact(args.ctx, { number: numberOf(args.params.number) });
        return done(args, current?.revenueProblem ?? 'It is estimated.');
      },
    },
    impact: {
      access,
      handle: async (args) => {
        const { seen, revenueLow, revenueHigh, currency, usersLow, usersHigh, reason } = args.form;
        await overrideImpact(args.ctx, {
          number: numberOf(args.params.number),
          seen,
          revenueLow: revenueLow || undefined,
          revenueHigh: revenueHigh || undefined,
          currency: currency || undefined,
          usersLow: usersLow || undefined,
          usersHigh: usersHigh || undefined,
          reason,
        });
        return done(args, 'It counts from now on.');
      },
    },
    correct: {
      access,
      handle: async (args) => {
        const { entryId, text } = args.form;
        await correctIncidentEntry(args.ctx, { number: numberOf(args.params.number), entryId, text });
        return done(args, 'The correction is in the timeline.');
      },
    },
    pin: {
      access,
      handle: async (args) => {
        await pinIncidentEntry(args.ctx, {
          number: numberOf(args.params.number),
          entryId: args.form.entryId,
        });
        return done(args, 'It is pinned.');
      },
    },
    unpin: {
      access,
      handle: async (args) => {
        const { entryId } = args.form;
        await unpinIncidentEntry(args.ctx, { number: numberOf(args.params.number), entryId });
        return done(args, 'It is no longer pinned.');
      },
    },
  },
});

export default function Incident() {
  const { incident, timeline, pinned, playbook, impact, cameFrom } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const [search] = useSearchParams();
  useLiveData({ runs: {}, environments: [], incidents: [incident.number] });
  const blockedBy = can(subject, access) ? null : whyNot(access, subject);
  const parts: FormParts = {
    incident,
    action: paths.incident(incident.number, Object.fromEntries(search)),
    blockedBy,
    failure,
  };
  return (
    <>
      <BackLink to={paths.incidents()}>Incidents</BackLink>
      <PageHeader
        title={
          <>
            <span className="font-normal text-muted">{incident.name}</span> {incident.title}
          </>
        }
        actions={
          <>
            <AuditLink filter={{ search: incident.name }} />
            {incident.state !== 'resolved' && can(subject, 'status.manage') ? (
              <LinkButton to={paths.statusUpdates({ incident: incident.number })}>Tell the public</LinkButton>
            ) : null}
            {incident.state === 'resolved' && can(subject, 'postmortems.read') ? (
              <LinkButton to={paths.postmortems({ view: 'all', search: incident.name })}>
                Post-mortem
              </LinkButton>
            ) : null}
          </>
        }
      >
        <IncidentLine incident={incident} />
      </PageHeader>
      {cameFrom === incident.number ? null : (
        <Notice
          tone="info"
          title={`INC-${cameFrom} was merged into ${incident.name}, which you see.`}
          className="mb-4"
        />
      )}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,3fr)] lg:items-start">
        <div className="grid min-w-0 gap-4 max-lg:order-2">
          <Section title="Write it down">
            <ComposerForm
              version={incident.version}
              action={parts.action}
              blockedBy={blockedBy}
              failure={failure}
            />
          </Section>
          <Section
            title="Timeline"
            note="UTC"
            flush
            aside={
              <FilterForm shownBeside={['correct']}>
                <ChoiceFilter
                  name="order"
                  label="Order"
                  all="Newest first"
                  options={[{ value: 'oldest', label: 'Oldest first' }]}
                />
                <ChoiceFilter
                  name="system"
                  label="Entries of the console"
                  all="All entries"
                  options={[{ value: 'hide', label: 'By people only' }]}
                />
              </FilterForm>
            }
          >
            <Timeline
              number={incident.number}
              loaded={timeline}
              loadedPinned={pinned}
              action={parts.action}
              mayWrite={blockedBy === null}
              failure={failure}
            />
            <Pagination page={timeline.page} pageSize={timeline.pageSize} total={timeline.total} />
          </Section>
        </div>
        {/* On a phone, what can be done comes first and what is seldom asked comes last. */}
        <div className="grid gap-4 max-lg:contents">
          <Section
            title={`State: ${INCIDENT_STATE_LABELS[incident.state].toLowerCase()}`}
            className="max-lg:order-1"
          >
            <StatePanel parts={parts} />
          </Section>
          <PlaybookPanel playbook={playbook} parts={parts} className="max-lg:order-1" />
          <div className="grid gap-4 max-lg:order-3">
            <Section title="Who deals with it">
              <RolesPanel parts={parts} />
            </Section>
            <Section title="Impact">
              <ImpactPanel parts={parts} impact={impact} />
            </Section>
            <Section title="What it is">
              <div className="grid gap-2">
                <IncidentFacts incident={incident} />
                <TitleForm parts={parts} />
                <LevelForm parts={parts} />
                <MergeForm parts={parts} />
              </div>
            </Section>
          </div>
        </div>
      </div>
    </>
  );
}

function IncidentLine({ incident }: { incident: IncidentDetail }) {
  const { state, level, service, environment, startedAt, resolvedAt, commanderName } = incident;
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span aria-live="polite">
        <StatusBadge look={stateLook(state)} />
      </span>
      <StatusMark look={levelLook(level)} />
      {service === null ? null : (
        <span>
          {service}
          {environment === null ? '' : ` / ${environment}`}
        </span>
      )}
      <span>
        began <RelativeTime at={startedAt} focusable />
      </span>
      <span>
        {resolvedAt === null ? 'for ' : 'lasted '}
        <Elapsed from={startedAt} to={resolvedAt} />
      </span>
      <span>{commanderName === null ? 'Nobody commands it' : `${commanderName} commands it`}</span>
    </span>
  );
}

const CAUSES = { person: 'a person', alert: 'an alert', rollback: 'an automatic rollback' };

function IncidentFacts({ incident }: { incident: IncidentDetail }) {
  const { level, consequence, startedAt, detectedAt, resolvedAt, declaredByName, cause, merged } = incident;
  return (
    <>
      <p>
        <StatusMark look={levelLook(level)} className="font-medium" />
        <span className="block text-pretty text-muted">{consequence}</span>
      </p>
      <Facts
        items={[
          ['Began', <RelativeTime key="began" at={startedAt} focusable />],
          ['Recorded', <RelativeTime key="recorded" at={detectedAt} focusable />],
          ['Resolved', resolvedAt ? <RelativeTime key="resolved" at={resolvedAt} focusable /> : 'not yet'],
          ['Declared by', cause === 'person' ? declaredByName : `${declaredByName}, for ${CAUSES[cause]}`],
          ...(merged.length > 0
            ? [['Merged into it', merged.map((number) => `INC-${number}`).join(', ')] as [string, string]]
            : []),
        ]}
      />
    </>
  );
}
