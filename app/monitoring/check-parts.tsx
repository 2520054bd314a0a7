import type { ReactNode } from 'react';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { formatDuration } from '#app/lib/format';
import { outcomeLook } from '#app/monitoring/check-looks';
import { Sparkline, UptimeBars } from '#app/monitoring/uptime-bars';
import { formatUptime, slotsOf } from '#app/monitoring/uptime-slots';
import type { CheckDetail, SubCheck } from '#server/monitoring/checks/contract';
import { CHECK_KIND_LABELS } from '#server/monitoring/checks/words/contract';

/** The last 24 hours and the last 90 days, and how long answers took. */
export function UptimeSection({ check, now }: { check: CheckDetail; now: string }) {
  const averages = slotsOf(check.hours, 'day', now).map(({ bucket }) => bucket?.averageMs ?? null);
  return (
    <Section title="Uptime" note="of the time that was looked at">
      <dl className="grid gap-x-6 gap-y-4 sm:grid-cols-2 lg:grid-cols-[auto_minmax(0,1fr)_auto]">
        <Range title="24 hours" percent={check.uptimeDay}>
          <UptimeBars buckets={check.hours} range="day" now={now} />
        </Range>
        <Range title="90 days" percent={check.uptimeQuarter}>
          <UptimeBars buckets={check.days} range="quarter" now={now} />
        </Range>
        <div className="min-w-0">
          <dt className="text-s text-muted">Last answer</dt>
          <dd className="flex items-end gap-3">
            <Duration ms={check.lastDurationMs} className="text-l leading-tight font-semibold" />
            <Sparkline values={averages} />
          </dd>
        </div>
      </dl>
    </Section>
  );
}

function Range({ title, percent, children }: { title: string; percent: number | null; children: ReactNode }) {
  return (
    <div className="min-w-0 lg:min-w-36">
      <dt className="text-s text-muted">{title}</dt>
      <dd>
        <span className="block text-l leading-tight font-semibold">{formatUptime(percent)}</span>
        <span className="mt-1 block">{children}</span>
      </dd>
    </div>
  );
}

/** What the service says of each thing that it needs. */
export function SubChecks({ checks }: { checks: readonly SubCheck[] }) {
  return (
    <Section title="What it needs" note="as its last answer says" flush>
      {checks.length === 0 ? (
        <p className="px-4 py-3 text-muted">Its last answer says nothing of what it needs.</p>
      ) : (
        <ul className="divide-y divide-line">
          {checks.map(({ name, status, durationMs, message }) => (
            <li key={name} className="grid gap-0.5 px-4 py-2">
              <span className="flex items-center gap-3">
                <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
                <StatusMark look={outcomeLook(status)} />
                <Duration ms={durationMs} className="w-16 text-right text-muted" />
              </span>
              {message ? <span className="text-s text-pretty break-words text-muted">{message}</span> : null}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** What is asked, how often, and what must come. */
export function CheckFacts({ check }: { check: CheckDetail }) {
  const expects: [string, ReactNode][] =
    check.kind === 'tcp'
      ? [['Expects', 'a connection']]
      : check.kind === 'health'
        ? [['Expects', 'status 200 and every sub-check ok, in the health contract']]
        : [
            ['Expects', `status ${check.expectStatus}`],
            ...(check.bodyIncludes === null
              ? []
              : ([['And in the answer', <code key="text">{check.bodyIncludes}</code>]] as [
                  string,
                  ReactNode,
                ][])),
          ];
  return (
    <Section title="What it does">
      <Facts
        items={[
          ['Kind', CHECK_KIND_LABELS[check.kind]],
          [
            'Asks',
            <code key="target" className="break-all">
              {check.target}
            </code>,
          ],
          ['Every', formatDuration(check.intervalSeconds * 1_000)],
          ['Waits for', formatDuration(check.timeoutMs)],
          ...expects,
          ['Ran last', check.lastAt ? <RelativeTime key="last" at={check.lastAt} focusable /> : 'not yet'],
          ['Key', <code key="key">{check.key}</code>],
          ['Made by', check.createdByName],
        ]}
      />
    </Section>
  );
}
