import { Form, useNavigation } from '@remix-run/react';
import { CalendarClock, ChevronRight, CircleSlash, Snowflake } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { Occurrence, scopeInWords, zoneOf } from '#app/deployments/freeze-times';
import type { ActionFailure } from '#app/http/protected.server';
import { formatDuration } from '#app/lib/format';
import {
  FREEZE_STATUS_LABELS,
  type FreezeStatus,
  type FreezeView,
} from '#server/deployments/freezes/contract';

const LOOK: Record<FreezeStatus, { tone: 'warning' | 'info' | 'unknown'; icon: typeof Snowflake }> = {
  active: { tone: 'warning', icon: Snowflake },
  upcoming: { tone: 'info', icon: CalendarClock },
  past: { tone: 'unknown', icon: CircleSlash },
};

const MINUTE = 60_000;

/** One freeze: why, where, when, by whom, and its end before its time for who may. */
export function FreezeItem({
  freeze,
  failure,
  blockedBy,
}: {
  freeze: FreezeView;
  failure: ActionFailure | undefined;
  blockedBy: string | null;
}) {
  const zone = zoneOf(freeze);
  const isPast = freeze.status === 'past';
  const shown = freeze.next.slice(0, freeze.status === 'active' ? 2 : 3);
  return (
    <li className="grid gap-x-6 gap-y-2 px-4 py-3 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
      <div className="flex min-w-0 gap-2.5">
        <span className="mt-0.5">
          <StatusMark
            look={{ ...LOOK[freeze.status], label: FREEZE_STATUS_LABELS[freeze.status] }}
            iconOnly
          />
        </span>
        <div className="min-w-0">
          <p className="font-semibold break-words">{freeze.reason}</p>
          <p className="text-muted">
            <span className="text-ink">{scopeInWords(freeze)}</span>
            {' · '}
            {freeze.createdByName}, <RelativeTime at={freeze.createdAt} focusable />
          </p>
          {freeze.endedByName && freeze.endedAt ? (
            <p className="mt-0.5 break-words text-muted">
              Ended by <span className="text-ink">{freeze.endedByName}</span>,{' '}
              <RelativeTime at={freeze.endedAt} focusable />: {freeze.endReason}
            </p>
          ) : null}
        </div>
      </div>
      <div className="min-w-0 max-lg:pl-6.5">
        {freeze.activeUntil ? (
          <p className="font-medium">
            ends <RelativeTime at={freeze.activeUntil} focusable />
          </p>
        ) : null}
        {freeze.startsAt && freeze.endsAt ? (
          <p>
            <Occurrence
              times={{ startsAt: freeze.startsAt, endsAt: freeze.endsAt }}
              zone={zone}
              note={zone}
            />
          </p>
        ) : null}
        {freeze.cron && freeze.durationMinutes ? (
          <p>
            <code>{freeze.cron}</code>{' '}
            <span className="text-muted">
              in {zone}, {formatDuration(freeze.durationMinutes * MINUTE)} each
            </span>
          </p>
        ) : null}
        {freeze.cron && !isPast && shown.length > 0 ? (
          <ul aria-label="Next times" className="mt-1 grid gap-0.5">
            {shown.map((times) => (
              <li key={times.startsAt}>
                <Occurrence times={times} zone={zone} />
              </li>
            ))}
          </ul>
        ) : null}
      </div>
      {isPast ? null : <EndFreeze freeze={freeze} failure={failure} blockedBy={blockedBy} />}
    </li>
  );
}

function EndFreeze({
  freeze,
  failure,
  blockedBy,
}: {
  freeze: FreezeView;
  failure: ActionFailure | undefined;
  blockedBy: string | null;
}) {
  const navigation = useNavigation();
  const isBusy = navigation.state !== 'idle' && navigation.formData?.get('freezeId') === freeze.id;
  if (blockedBy) return null;
  const typed = failure?.values.reason;
  return (
    <details className="group min-w-0 pl-6.5 lg:col-span-2" open={failure ? true : undefined}>
      <summary className="hit inline-flex items-center gap-1.5 text-muted hover:text-ink">
        <ChevronRight aria-hidden="true" size={14} className="transition-transform group-open:rotate-90" />
        {freeze.status === 'active' ? 'End it now' : 'Take it away'}
        <span className="sr-only">: {freeze.reason}</span>
      </summary>
      <Form method="post" className="grid max-w-lg gap-3 pt-1 pb-1">
        <input type="hidden" name="intent" value="end" />
        <input type="hidden" name="freezeId" value={freeze.id} />
        <TextField
          label="Why it may end"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          defaultValue={typeof typed === 'string' ? typed : ''}
          errors={failure?.fields.reason}
          hint={
            freeze.cron ? 'All its times to come end with it.' : 'Kept with the freeze and in the audit log.'
          }
        />
        <Button type="submit" look="secondary" className="sm:justify-self-start" aria-busy={isBusy}>
          {freeze.status === 'active' ? 'End the freeze' : 'Take the freeze away'}
        </Button>
      </Form>
    </details>
  );
}
