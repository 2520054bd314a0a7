import { ExternalLink, FlaskConical, LockKeyhole } from 'lucide-react';
import type { ReactNode } from 'react';
import { Section } from '#app/components/ui/section';
import { Badge } from '#app/components/ui/status-mark';
import { plural } from '#app/lib/format';
import type { EnvironmentConfiguration, ServiceConfiguration } from '#server/services/contract';

/** A configured time as somebody writes it: `3 s`, `2 min`, `1 min 30 s`. */
function seconds(value: number): string {
  const minutes = Math.floor(value / 60);
  const rest = Number((value - minutes * 60).toFixed(3));
  return [minutes > 0 ? `${minutes} min` : '', rest > 0 || minutes === 0 ? `${rest} s` : '']
    .filter(Boolean)
    .join(' ');
}

const milliseconds = (value: number) => (value < 1_000 ? `${value} ms` : seconds(value / 1_000));

const APPROVED: Record<string, string> = {
  'deployments.deploy': 'Deploys',
  'deployments.check': 'Pre-deploy checks',
  'deployments.validate': 'Validations',
};

const ON_FAILURE: Record<EnvironmentConfiguration['validation']['onFailure'], string> = {
  rollback: 'A deploy that fails it is rolled back at once.',
  hold: 'A deploy that fails it stays, and the environment is locked.',
  ask: 'A deploy that fails it waits for a person.',
};

/** One environment as the configuration file has it. */
export function EnvironmentSettings({
  service,
  environment,
}: {
  service: ServiceConfiguration;
  environment: EnvironmentConfiguration;
}) {
  return (
    <Section
      title={`${service.title}: ${environment.title}`}
      note={`${service.service} / ${environment.environment}`}
      aside={
        <>
          {environment.isPractice ? (
            <Badge tone="info" icon={FlaskConical}>
              Practice
            </Badge>
          ) : null}
          <a
            href={environment.url}
            target="_blank"
            rel="noreferrer"
            className="inline-flex items-center gap-1 text-s text-muted hover:text-ink"
          >
            {environment.url.replace(/^https?:\/\//, '')}
            <ExternalLink aria-hidden="true" size={12} />
            <span className="sr-only">(opens in a new tab)</span>
          </a>
        </>
      }
      flush
    >
      <dl className="divide-y divide-line">
        <Row label="Deploys with" note={environment.deploy.driver}>
          <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[max-content_minmax(0,1fr)]">
            {environment.deploy.settings.map(({ name, value }) => (
              <div key={name} className="contents">
                <dt className="text-muted max-sm:mt-1">{name}</dt>
                <dd className="min-w-0">
                  <code className="break-words">{value}</code>
                </dd>
              </div>
            ))}
          </dl>
        </Row>
        <Row label="Variables" note="names only">
          <Variables variables={environment.deploy.variables} />
        </Row>
        <Row label="Checklist" note={`${seconds(environment.checklistBudgetSeconds)} in all`}>
          <Checklist checklist={environment.checklist} />
        </Row>
        <Row label="Health gate">
          <p>
            <code>{environment.health.path}</code> must answer well{' '}
            {environment.health.consecutive === 1
              ? 'once'
              : `${environment.health.consecutive} times in a row`}{' '}
            within {seconds(environment.health.deadlineSeconds)}. It is asked every{' '}
            {milliseconds(environment.health.intervalMs)} and has {milliseconds(environment.health.timeoutMs)}{' '}
            for each answer.
          </p>
        </Row>
        <Row label="Validation">
          <Validation validation={environment.validation} />
        </Row>
        <Row label="Rollback">
          <p>
            Has {seconds(environment.rollback.budgetSeconds)} in all
            {environment.rollback.holdSeconds > 0
              ? `; its validation goes on for at least ${seconds(environment.rollback.holdSeconds)}.`
              : ', and is validated without a waiting time.'}
          </p>
        </Row>
        <Row label="By itself">
          <p>
            {environment.automaticRollback.enabled
              ? `Rules may roll back what went live at most ${seconds(environment.automaticRollback.attributionMinutes * 60)} before the trouble, and again ${seconds(environment.automaticRollback.cooldownMinutes * 60)} later at the earliest.`
              : 'No rule may roll anything back here.'}
          </p>
        </Row>
        <Row label="Metrics">
          <p className={environment.metrics ? '' : 'text-muted'}>
            {environment.metrics ? (
              <>
                <code>{environment.metrics.path}</code> is scraped every{' '}
                {milliseconds(environment.metrics.intervalMs)} and has{' '}
                {milliseconds(environment.metrics.timeoutMs)} to answer.
              </>
            ) : (
              'Nothing is scraped; samples may be sent.'
            )}
          </p>
        </Row>
        <Row label="Checks">
          <Watched environment={environment} />
        </Row>
        <Row label="Switches">
          {environment.control ? (
            <p>
              Maintenance closes <code>{environment.control.page}</code>; a lockdown refuses{' '}
              <code>{environment.control.lockedPaths.join(', ')}</code>. Both are asked for at{' '}
              <code className="break-all">{environment.control.url}</code>, which has{' '}
              {milliseconds(environment.control.timeoutMs)} to answer.
            </p>
          ) : (
            <p className="text-muted">Maintenance, lockdown and the emergency commands are not set up.</p>
          )}
        </Row>
        <Row label="Business">
          {environment.business ? (
            <p>
              Orders, payments and visits are read with <code>{environment.business.urlVariable}</code>, in{' '}
              {environment.business.currency}.
            </p>
          ) : (
            <p className="text-muted">Nothing is read, so what an incident costs cannot be estimated.</p>
          )}
        </Row>
        <Row label="Second person">
          <p className={environment.approvals.length === 0 ? 'text-muted' : ''}>
            {environment.approvals.length === 0
              ? 'Nothing here waits for an approval.'
              : `${environment.approvals.map((id) => APPROVED[id] ?? id).join(', ')} wait for the approval of somebody else. A rollback never does.`}
          </p>
        </Row>
        <Row label="Releases">
          <p>
            The last {environment.keepReleases} are kept.{' '}
            {environment.firstRelease ? (
              <>
                Where nothing was ever deployed, <code>{environment.firstRelease}</code> is deployed by
                itself.
              </>
            ) : (
              'The first one is deployed by a person.'
            )}{' '}
            {environment.isPractice ? 'This environment is for practice: drills may run here.' : null}
          </p>
        </Row>
      </dl>
    </Section>
  );
}

function Row({ label, note, children }: { label: string; note?: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 gap-y-1 px-4 py-3 md:grid-cols-[8.5rem_minmax(0,1fr)]">
      <dt className="flex items-baseline gap-2 md:block">
        <span className="font-medium">{label}</span>
        {note ? <span className="text-s text-muted md:block">{note}</span> : null}
      </dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

function Watched({ environment }: { environment: EnvironmentConfiguration }) {
  const { checkDefaults, checks, checkHosts } = environment;
  return (
    <div className="grid gap-2">
      <p>
        The health and every endpoint are looked at each {seconds(checkDefaults.intervalSeconds)} and have{' '}
        {milliseconds(checkDefaults.timeoutMs)} to answer.
        {checkHosts.length > 0 ? (
          <>
            {' '}
            Checks that people add may also ask <code>{checkHosts.join(', ')}</code>.
          </>
        ) : null}
      </p>
      {checks.length > 0 ? (
        <ul className="grid gap-1">
          {checks.map(({ key, title, kind, target }) => (
            <li key={key} className="flex flex-wrap gap-x-4">
              <span className="min-w-44 font-medium">{title}</span>
              <span className="min-w-0 text-muted">
                {kind} <code className="break-all">{target}</code>
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function Variables({ variables }: { variables: EnvironmentConfiguration['deploy']['variables'] }) {
  if (variables.length === 0) return <p className="text-muted">None are set.</p>;
  return (
    <ul className="flex flex-wrap gap-1.5">
      {variables.map(({ name, isSecret }) => (
        <li
          key={name}
          className="inline-flex items-center gap-1.5 rounded-s border border-line bg-sunken px-2 py-0.5"
        >
          <code className="break-all">{name}</code>
          {isSecret ? (
            <span className="inline-flex items-center gap-1 text-s text-muted">
              <LockKeyhole aria-hidden="true" size={12} />
              secret
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

type Checks = EnvironmentConfiguration['checklist'][number]['checks'];

function Checklist({ checklist }: { checklist: EnvironmentConfiguration['checklist'] }) {
  if (checklist.length === 0) return <p className="text-muted">No check runs before a deploy.</p>;
  const limits = new Set(checklist.flatMap(({ checks }) => checks).map(limitOf));
  const [shared] = limits.size === 1 ? limits : [null];
  return (
    <div className="grid gap-3">
      {shared ? <p>Each check may take {shared}.</p> : null}
      {checklist.map(({ phase, checks }) => (
        <section key={phase}>
          <h3 className="text-s font-normal text-muted">{phase}</h3>
          <ul className="mt-0.5 grid gap-1">
            {checks.map((check) => (
              <li key={check.key} className="grid gap-x-4 sm:grid-cols-[11rem_minmax(0,1fr)]">
                <span className="font-medium">{check.title}</span>
                <span className="min-w-0">
                  <code className="break-words">{check.run}</code>
                  <CheckNote check={check} limit={shared ? null : limitOf(check)} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function limitOf(check: Checks[number]): string {
  return `${seconds(check.timeoutSeconds)}, and be silent for ${seconds(check.inactivitySeconds)}`;
}

function CheckNote({ check, limit }: { check: Checks[number]; limit: string | null }) {
  const notes = [
    limit ? `may take ${limit}` : '',
    check.notMeasuredExitCode === null
      ? ''
      : `exit code ${check.notMeasuredExitCode} means “not measured” and ${check.whenNotMeasured === 'warn' ? 'only warns' : 'fails'}`,
  ].filter(Boolean);
  return notes.length > 0 ? <span className="block text-s text-muted">{notes.join('; ')}</span> : null;
}

function Validation({ validation }: { validation: EnvironmentConfiguration['validation'] }) {
  return (
    <div className="grid gap-2">
      <p>
        {plural(validation.samples, 'request')} to each endpoint, for at least{' '}
        {seconds(validation.holdSeconds)}; at most {formatShare(validation.maxErrorRate)} may fail.{' '}
        {ON_FAILURE[validation.onFailure]}
      </p>
      <ul className="grid gap-1">
        {validation.endpoints.map((endpoint) => (
          <li key={endpoint.path} className="flex flex-wrap gap-x-4">
            <code className="min-w-44 break-all">{endpoint.path}</code>
            <span className="text-muted">
              answers {endpoint.expectStatus}, median at most {milliseconds(endpoint.budgetMs)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** `2 %`, `0.5 %` */
function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
