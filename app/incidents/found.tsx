import { Link } from '@remix-run/react';
import type { ReactNode } from 'react';
import { LinkButton } from '#app/components/ui/button';
import { Facts } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { formatUtc, plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import type { DamageAt, DamageView, RestoreView } from '#server/incidents/playbooks/contract';
import { RESTORE_WAY_LABELS } from '#server/incidents/playbooks/words/contract';

/** Of each list, so many are shown; the pages that they lead to have them all. */
const SHOWN = 6;

/** What an assessment of the damage measured, and what it could not measure and why. */
export function Damage({ found: { at, byName, facts } }: { found: DamageView }) {
  return (
    <details>
      <summary className="hit inline-flex items-center text-s underline underline-offset-3">
        What was found: {summaryOf(facts.places)}
      </summary>
      <div className="grid gap-3 pb-2">
        {facts.places.map((place) => (
          <Place key={`${place.service}/${place.environment}`} place={place} />
        ))}
        <NotMeasured items={facts.notMeasured} />
        <p className="text-s text-muted">
          Measured by {byName} at {formatUtc(at)}.
        </p>
      </div>
    </details>
  );
}

function summaryOf(places: readonly DamageAt[]): string {
  const failing = places.reduce((sum, { checksFailing }) => sum + checksFailing, 0);
  const total = places.reduce((sum, { checksTotal }) => sum + checksTotal, 0);
  return total === 0 ? 'no checks' : `${failing} of ${plural(total, 'check', 'checks')} failing`;
}

const HEALTH: Record<string, string> = {
  ok: 'well',
  failed: 'failing',
  not_run: 'not known: the console could not look',
  waiting: 'not looked at yet',
};

const STATES: Record<string, string> = {
  failed: 'failing',
  not_run: 'could not run',
  ok: 'well',
  waiting: 'not run yet',
  paused: 'paused',
};

function Place({ place }: { place: DamageAt }) {
  const { service, environment, endpoints, checks, alerts, changes } = place;
  return (
    <div className="grid gap-2">
      <p className="font-medium">
        {service} / {environment}
      </p>
      <Facts
        items={[
          ['Health', HEALTH[place.health] ?? 'not known'],
          ['Errors', figure(place.errorPercent, '%')],
          ['95 % within', figure(place.latencyP95Ms, 'ms')],
          ['Requests', figure(place.requestsPerSecond, '/s')],
        ]}
      />
      {endpoints.length > 0 ? (
        <List title="Endpoints that answer with errors" total={endpoints.length} empty="">
          {endpoints.slice(0, SHOWN).map(({ route, errorPercent, requestsPerSecond }) => (
            <li key={route} className="break-words">
              <code>{route}</code>{' '}
              <span className="font-medium whitespace-nowrap text-critical">{figure(errorPercent, '%')}</span>{' '}
              <span className="whitespace-nowrap text-muted">of {figure(requestsPerSecond, '/s')}</span>
            </li>
          ))}
        </List>
      ) : null}
      <List title="Checks" total={checks.length} empty="There are none.">
        {checks.slice(0, SHOWN).map(({ checkId, title, state, message }) => (
          <li key={checkId} className="break-words">
            <Link to={paths.monitorCheck(checkId)} className="link">
              {title}
            </Link>{' '}
            <span className={state === 'failed' ? 'font-medium text-critical' : 'text-muted'}>
              {STATES[state] ?? state}
            </span>
            {message ? <span className="block text-s text-muted">{message}</span> : null}
          </li>
        ))}
      </List>
      <List title="Open alerts" total={alerts.length} empty="None.">
        {alerts.slice(0, SHOWN).map(({ alertId, title, severity }) => (
          <li key={alertId} className="break-words">
            <Link to={paths.alert(alertId)} className="link">
              {title}
            </Link>{' '}
            <span className="text-muted">{severity}</span>
          </li>
        ))}
      </List>
      <List title="Changed in the last 24 hours" total={changes.length} empty="Nothing.">
        {changes.slice(0, SHOWN).map(({ runId, number, title, status, at }) => (
          <li key={runId} className="break-words">
            <Link to={paths.run(runId)} className="link">
              #{number} {title}
            </Link>{' '}
            <span className="text-muted">
              {status.replaceAll('_', ' ')}, <RelativeTime at={at} />
            </span>
          </li>
        ))}
      </List>
      <NotMeasured items={place.notMeasured} />
    </div>
  );
}

function figure(value: number | null, unit: string): string {
  return value === null ? 'not measured' : `${Number(value.toPrecision(3))} ${unit}`;
}

function List({
  title,
  total,
  empty,
  children,
}: {
  title: string;
  total: number;
  empty: string;
  children: ReactNode;
}) {
  return (
    <div>
      <p className="text-s text-muted">{title}</p>
      {total === 0 ? <p>{empty}</p> : <ul className="grid gap-1">{children}</ul>}
      {total > SHOWN ? <p className="text-s text-muted">And {total - SHOWN} more.</p> : null}
    </div>
  );
}

function NotMeasured({ items }: { items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <p className="text-s text-muted">Not measured</p>
      <ul className="grid gap-0.5 text-s">
        {items.map((each) => (
          <li key={each} className="break-words">
            {each}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What could restore the service: each possible way leads to the page where it is confirmed, the others say why not. */
export function Restore({ found: { at, byName, facts } }: { found: RestoreView }) {
  return (
    <div className="grid gap-2">
      {facts.places.map(({ service, environment, options }) => (
        <div key={`${service}/${environment}`}>
          <p className="text-s text-muted">
            {service} / {environment}
          </p>
          <ul className="grid gap-1.5">
            {options.map(({ way, isPossible, words, path }) => (
              <li key={way} className="flex flex-wrap items-center gap-x-2.5 gap-y-0.5">
                {isPossible ? (
                  <LinkButton to={path} size="s">
                    {RESTORE_WAY_LABELS[way]}…
                  </LinkButton>
                ) : (
                  <span className="font-medium">{RESTORE_WAY_LABELS[way]}</span>
                )}
                <span className="min-w-0 text-s break-words text-muted">
                  {isPossible ? words : `Not now: ${words}.`}
                </span>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <NotMeasured items={facts.notMeasured} />
      <p className="text-s text-muted">
        Looked at by {byName} at {formatUtc(at)}. Nothing was started.
      </p>
    </div>
  );
}
