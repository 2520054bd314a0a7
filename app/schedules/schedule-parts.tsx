import { CalendarCheck, CircleDot, CirclePause } from 'lucide-react';
import { Badge } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { formatInZone } from '#app/lib/format';
import type { ScheduleView } from '#server/schedules/contract';

/** Whether the clock starts it, in a word. */
export function ScheduleState({ schedule }: { schedule: ScheduleView }) {
  if (schedule.paused) {
    return (
      <Badge tone="warning" icon={CirclePause}>
        Paused
      </Badge>
    );
  }
  return schedule.isGoingOn ? (
    <Badge tone="info" icon={CircleDot} moving>
      Going on
    </Badge>
  ) : (
    <Badge tone="ok" icon={CalendarCheck}>
      On
    </Badge>
  );
}

/** The rule in words with the five fields beside them, or those alone. */
export function Rule({ cron, inWords }: { cron: string; inWords: string | null }) {
  return inWords ? (
    <>
      {inWords} <code className="text-s font-normal whitespace-nowrap text-muted">{cron}</code>
    </>
  ) : (
    <code className="whitespace-nowrap">{cron}</code>
  );
}

/** Due times one under the other: on the clock of the rule's zone, in UTC, and how far away. */
export function DueTimes({ ticks, timeZone }: { ticks: readonly string[]; timeZone: string }) {
  const isUtc = timeZone === 'UTC';
  return (
    <table className="w-full text-left">
      <thead>
        <tr className="text-s text-muted">
          <th scope="col" className="pb-1 font-medium">
            {timeZone}
          </th>
          {isUtc ? null : (
            <th scope="col" className="pb-1 font-medium">
              UTC
            </th>
          )}
          <th scope="col" className="pb-1 text-right font-medium">
            From now
          </th>
        </tr>
      </thead>
      <tbody>
        {ticks.map((tick) => (
          <tr key={tick} className="border-t border-line">
            <td className="py-1.5 pr-3 font-medium whitespace-nowrap">{formatInZone(tick, timeZone)}</td>
            {isUtc ? null : (
              <td className="py-1.5 pr-3 whitespace-nowrap text-muted">
                <span className="max-sm:hidden">{formatInZone(tick, 'UTC')}</span>
                <span className="sm:hidden">{formatInZone(tick, 'UTC').replace(/ \S+ /, ' ')}</span>
              </td>
            )}
            <td className="py-1.5 text-right text-muted">
              <RelativeTime at={tick} focusable />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
