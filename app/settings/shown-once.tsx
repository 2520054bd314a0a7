import { CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { CopyButton } from '#app/components/ui/copy-button';
import { cn } from '#app/lib/cn';

/** A text to take along, whole: one press selects it, and the button copies it. */
export function CopyText({ text, what, className }: { text: string; what: string; className?: string }) {
  return (
    <div
      className={cn(
        'flex min-h-11 items-center gap-2 rounded-m touch:min-h-14 border border-edge/70 bg-sunken py-1.5 pr-1.5 pl-3',
        className,
      )}
    >
      <code className="min-w-0 flex-1 break-all whitespace-pre-wrap select-all">{text}</code>
      <CopyButton text={text} what={what} className="size-8 shrink-0 self-start" />
    </div>
  );
}

/** The answer to a write that made a secret: it is on this page, this once. */
export function ShownOnce({
  title,
  children,
  actions,
}: {
  title: string;
  children: ReactNode;
  actions: ReactNode;
}) {
  return (
    <section aria-label={title} className="grid gap-4 rounded-l bg-surface p-4 shadow-raised sm:p-5">
      <div role="status" className="flex items-center gap-2">
        <CircleCheck aria-hidden="true" size={17} className="shrink-0 text-ok" />
        <h2 className="text-m">{title}</h2>
      </div>
      {children}
      <div className="flex flex-wrap items-center gap-2 border-t border-line pt-4">{actions}</div>
    </section>
  );
}
