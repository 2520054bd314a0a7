import { CircleCheck, CircleX, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { TONE_TEXT } from '#app/components/ui/status-mark';
import { cn } from '#app/lib/cn';

type NoticeTone = 'ok' | 'info' | 'warning' | 'critical';

const ICON: Record<NoticeTone, LucideIcon> = {
  ok: CircleCheck,
  info: Info,
  warning: TriangleAlert,
  critical: CircleX,
};

const GROUND: Record<NoticeTone, string> = {
  ok: 'bg-ok-soft',
  info: 'bg-info-soft',
  warning: 'bg-warning-soft',
  critical: 'bg-critical-soft',
};

/** What a person must know before going on: a sentence, what follows from it, and where to go. */
export function Notice({
  tone,
  title,
  children,
  actions,
  alert,
  className,
}: {
  tone: NoticeTone;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** It appeared as the answer to what the person just did. */
  alert?: boolean;
  className?: string;
}) {
  const Icon = ICON[tone];
  return (
    <div
      role={alert ? 'alert' : undefined}
      className={cn(
        'flex flex-wrap items-start gap-x-3 gap-y-2 rounded-m px-3 py-2.5',
        GROUND[tone],
        className,
      )}
    >
      <Icon aria-hidden="true" size={16} className={cn('mt-0.5 shrink-0', TONE_TEXT[tone])} />
      <div className="min-w-48 flex-1">
        <p className="font-semibold">{title}</p>
        {children ? <div className="mt-0.5 text-ink">{children}</div> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
    </div>
  );
}

/** Nothing to show yet: why, and what to do next. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="grid justify-items-center gap-1 px-6 py-10 text-center">
      <Icon aria-hidden="true" size={22} strokeWidth={1.6} className="mb-1 text-faint" />
      <p className="font-semibold">{title}</p>
      {children ? <p className="max-w-md text-pretty text-muted">{children}</p> : null}
      {action ? <div className="mt-3">{action}</div> : null}
    </div>
  );
}

/** Why what the person just asked for was not done, and what to do about it; nothing where it was. */
export function FailureNotice({
  failure,
  className,
}: {
  failure: { error: { message: string; hint: string | null } } | null | undefined;
  className?: string;
}) {
  return failure ? (
    <Notice tone="critical" title={failure.error.message} alert className={className}>
      {failure.error.hint}
    </Notice>
  ) : null;
}
