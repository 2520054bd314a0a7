import {
  Archive,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleMinus,
  CircleQuestionMark,
  CircleSlash,
  CircleX,
  Hourglass,
  type LucideIcon,
  ShieldCheck,
  ShieldX,
  TimerOff,
  TriangleAlert,
  UserRoundCheck,
} from 'lucide-react';
import { cn } from '#app/lib/cn';
import { DEPLOYMENT_STATUS_LABELS, type DeploymentStatus, type Verdict } from '#server/deployments/contract';
import {
  RUN_STATUS_LABELS,
  type RunStatus,
  STEP_STATUS_LABELS,
  type StepStatus,
} from '#server/runs/contract';

export type Tone = 'ok' | 'warning' | 'critical' | 'info' | 'unknown';

export const TONE_TEXT: Record<Tone, string> = {
  ok: 'text-ok',
  warning: 'text-warning',
  critical: 'text-critical',
  info: 'text-info',
  unknown: 'text-unknown',
};

const TONE_BADGE: Record<Tone, string> = {
  ok: 'bg-ok-soft text-ok',
  warning: 'bg-warning-soft text-warning',
  critical: 'bg-critical-soft text-critical',
  info: 'bg-info-soft text-info',
  unknown: 'bg-unknown-soft text-unknown',
};

interface Look {
  tone: Tone;
  icon: LucideIcon;
  label: string;
  /** It is going on right now. */
  moving?: boolean;
}

const RUN: Record<RunStatus, Omit<Look, 'label'>> = {
  awaiting_approval: { tone: 'warning', icon: UserRoundCheck },
  queued: { tone: 'unknown', icon: Hourglass },
  running: { tone: 'info', icon: CircleDot, moving: true },
  cancelling: { tone: 'warning', icon: CircleDot, moving: true },
  needs_attention: { tone: 'critical', icon: TriangleAlert },
  succeeded: { tone: 'ok', icon: CircleCheck },
  failed: { tone: 'critical', icon: CircleX },
  cancelled: { tone: 'unknown', icon: CircleSlash },
  timed_out: { tone: 'critical', icon: TimerOff },
};

const STEP: Record<StepStatus, Omit<Look, 'label'>> = {
  pending: { tone: 'unknown', icon: CircleDashed },
  running: { tone: 'info', icon: CircleDot, moving: true },
  succeeded: { tone: 'ok', icon: CircleCheck },
  warning: { tone: 'warning', icon: TriangleAlert },
  skipped: { tone: 'unknown', icon: CircleMinus },
  failed: { tone: 'critical', icon: CircleX },
  cancelled: { tone: 'unknown', icon: CircleSlash },
  unknown: { tone: 'warning', icon: CircleQuestionMark },
};

const DEPLOYMENT: Record<DeploymentStatus, Omit<Look, 'label'>> = {
  in_progress: { tone: 'info', icon: CircleDot, moving: true },
  switched: { tone: 'warning', icon: CircleDashed },
  live: { tone: 'ok', icon: CircleCheck },
  failed: { tone: 'critical', icon: CircleX },
  invalid: { tone: 'critical', icon: TriangleAlert },
  replaced: { tone: 'unknown', icon: Archive },
};

const VERDICT: Record<Verdict, Look> = {
  stable: { tone: 'ok', icon: ShieldCheck, label: 'Stable' },
  faulty: { tone: 'critical', icon: ShieldX, label: 'Faulty' },
  none: { tone: 'unknown', icon: CircleMinus, label: 'Not marked' },
};

export const runLook = (status: RunStatus): Look => ({ ...RUN[status], label: RUN_STATUS_LABELS[status] });
export const stepLook = (status: StepStatus): Look => ({
  ...STEP[status],
  label: STEP_STATUS_LABELS[status],
});
export const deploymentLook = (status: DeploymentStatus): Look => ({
  ...DEPLOYMENT[status],
  label: DEPLOYMENT_STATUS_LABELS[status],
});
export const verdictLook = (verdict: Verdict): Look => VERDICT[verdict];

/** A state as icon and word. The icon alone carries colour, so that a long list stays calm. */
export function StatusMark({
  look,
  iconOnly,
  className,
}: {
  look: Look;
  iconOnly?: boolean;
  className?: string;
}) {
  const Icon = look.icon;
  return (
    <span
      className={cn('inline-flex items-center gap-1.5 align-middle', className)}
      data-tip={iconOnly ? look.label : undefined}
    >
      <Icon
        aria-hidden="true"
        size={15}
        strokeWidth={2.1}
        className={cn('shrink-0', TONE_TEXT[look.tone], look.moving && 'animate-breathe')}
      />
      {iconOnly ? <span className="sr-only">{look.label}</span> : <span>{look.label}</span>}
    </span>
  );
}

/** A state that counts now: icon and word on its own soft ground. */
export function Badge({
  tone,
  icon: Icon,
  moving,
  children,
  className,
}: {
  tone: Tone;
  icon?: LucideIcon;
  moving?: boolean | undefined;
  children: React.ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cn(
        'inline-flex h-6 shrink-0 items-center gap-1 rounded-full px-2 text-s font-medium whitespace-nowrap',
        TONE_BADGE[tone],
        className,
      )}
    >
      {Icon ? (
        <Icon
          aria-hidden="true"
          size={13}
          strokeWidth={2.25}
          className={cn('shrink-0', moving && 'animate-breathe')}
        />
      ) : null}
      {children}
    </span>
  );
}

/** A look as a {@link Badge}. */
export function StatusBadge({ look, className }: { look: Look; className?: string }) {
  return (
    <Badge tone={look.tone} icon={look.icon} moving={look.moving} className={className ?? ''}>
      {look.label}
    </Badge>
  );
}
