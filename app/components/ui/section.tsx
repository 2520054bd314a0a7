import { type ReactNode, useId } from 'react';
import { cn } from '#app/lib/cn';

/** A titled block on its own surface. `aside` sits at the right of the title; `flush` lets a table touch the edges. */
export function Section({
  title,
  note,
  aside,
  flush,
  anchor,
  className,
  children,
}: {
  title: string;
  note?: ReactNode;
  aside?: ReactNode;
  flush?: boolean;
  /** Its name in addresses, behind `#`. */
  anchor?: string;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section
      id={anchor}
      aria-labelledby={id}
      className={cn('min-w-0 rounded-l bg-surface shadow-raised', className)}
    >
      <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5">
        <h2 id={id} className="text-m">
          {title}
        </h2>
        {note ? <p className="text-s text-muted">{note}</p> : null}
        {aside ? <div className="ml-auto flex items-center gap-2">{aside}</div> : null}
      </header>
      <div className={flush ? 'min-w-0' : 'p-4'}>{children}</div>
    </section>
  );
}

/** Label and value pairs, one under the other; the value column lines up. */
export function Facts({
  items,
  className,
}: {
  items: [label: string, value: ReactNode][];
  className?: string;
}) {
  return (
    <dl className={cn('grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1', className)}>
      {items.map(([label, value]) => (
        <div key={label} className="contents">
          <dt className="text-muted">{label}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
