import { Link } from '@remix-run/react';
import {
  BellOff,
  BellRing,
  CircleCheck,
  CircleQuestionMark,
  CircleX,
  type LucideIcon,
  ToggleLeft,
  ToggleRight,
  TriangleAlert,
} from 'lucide-react';
import { TONE_TEXT, type Tone } from '#app/components/ui/status-mark';
import { cn } from '#app/lib/cn';
import { formatUtc, plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { judge } from '#app/metrics/adapt';
import { checkLook } from '#app/monitoring/check-looks';
import { TOGGLE_LABELS, type ToggleView } from '#server/maintenance/contract';
import type { BoardChartKey, TileSet } from '#server/monitoring/board/contract';

const LABELS: Record<BoardChartKey, string> = {
  errors: 'Error rate',
  latency: 'p95 response',
  requests: 'Requests',
  payments: 'Payment failures',
};

const ICONS = { ok: CircleCheck, warning: TriangleAlert, critical: CircleX, unknown: CircleQuestionMark };

/** How an environment is, in one look: a figure, what it means in words, and the way to the page behind it. */
export function Tiles({ tiles, toggles }: { tiles: TileSet; toggles: readonly ToggleView[] }) {
  const { health, alerts, figures, heardAt, service, environment } = tiles;
  const inAll = Object.values(health.counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const look = checkLook(health.state);
  const critical = alerts.critical > 0;
  return (
    <ul
      aria-label="Key figures"
      className="grid grid-cols-2 gap-px border-t border-line bg-line sm:grid-cols-4 xl:grid-cols-7"
    >
      <Tile
        label="Health"
        to={paths.monitorChecks({ service, environment })}
        tone={look.tone}
        icon={look.icon}
        value={inAll === 0 ? 'No checks' : look.label}
        words={
          inAll === 0
            ? 'nothing is looked at'
            : health.state === 'not_run' && health.overdueSince
              ? `not looked at since ${formatUtc(health.overdueSince)}`
              : `${health.counts.ok ?? 0} of ${plural(inAll, 'check')} well`
        }
        className="col-span-2 xl:col-span-1"
      />
      {figures.map((figure) => {
        const { tone, value, words } = judge(figure, heardAt);
        return (
          <Tile
            key={figure.key}
            label={LABELS[figure.key]}
            to={`${paths.metrics(tiles)}#${figure.key}`}
            tone={tone}
            icon={ICONS[tone]}
            value={value}
            words={words}
          />
        );
      })}
      <Tile
        label="Alerts"
        to={paths.alerts({ state: 'open', service, environment })}
        tone={alerts.firing === 0 ? 'ok' : critical ? 'critical' : 'warning'}
        icon={alerts.firing === 0 ? BellOff : BellRing}
        value={alerts.firing === 0 ? 'None' : `${alerts.firing} firing`}
        words={
          [
            critical ? `${alerts.critical} critical` : '',
            alerts.acknowledged ? `${alerts.acknowledged} in hand` : '',
          ]
            .filter(Boolean)
            .join(', ') || (alerts.firing === 0 ? 'nothing fires' : 'nobody deals with it')
        }
      />
      <Tile
        label="Toggles on"
        to={paths.maintenance()}
        tone={toggles.length === 0 ? 'unknown' : 'warning'}
        icon={toggles.length === 0 ? ToggleLeft : ToggleRight}
        value={toggles.length === 0 ? 'None' : String(toggles.length)}
        words={
          toggles.length === 0
            ? 'open to visitors'
            : toggles.map(({ kind }) => TOGGLE_LABELS[kind].toLowerCase()).join(', ')
        }
      />
    </ul>
  );
}

/** Only what is not well takes colour beyond its mark. */
function Tile({
  label,
  to,
  tone,
  icon: Icon,
  value,
  words,
  className,
}: {
  label: string;
  to: string;
  tone: Tone;
  icon: LucideIcon;
  value: string;
  words: string;
  className?: string;
}) {
  const isBad = tone === 'critical' || tone === 'warning';
  return (
    <li className={cn('min-w-0 bg-surface', className)}>
      <Link
        to={to}
        className="block h-full px-4 py-3 no-underline -outline-offset-2 hover:bg-hover focus-visible:-outline-offset-2"
      >
        <span className="flex items-center gap-1.5 text-s text-muted">
          <Icon aria-hidden="true" size={13} strokeWidth={2.25} className={cn('shrink-0', TONE_TEXT[tone])} />
          {label}
        </span>
        <span
          className={cn(
            'mt-1 block truncate text-l font-semibold tracking-tight',
            isBad ? TONE_TEXT[tone] : tone === 'unknown' ? 'text-muted' : 'text-ink',
          )}
        >
          {value}
        </span>
        <span className={cn('block text-s text-pretty', isBad ? TONE_TEXT[tone] : 'text-muted')}>
          {words}
        </span>
      </Link>
    </li>
  );
}
