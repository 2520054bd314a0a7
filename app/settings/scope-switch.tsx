import { Link } from '@remix-run/react';
import { cn } from '#app/lib/cn';

/** Whose rows a list shows: one's own or everybody's. */
export function ScopeSwitch({
  everybody,
  to,
}: {
  everybody: boolean;
  to: (filter: { everybody?: true }) => string;
}) {
  const choices = [
    { label: 'Mine', href: to({}), isCurrent: !everybody },
    { label: "Everybody's", href: to({ everybody: true }), isCurrent: everybody },
  ];
  return (
    <nav aria-label="Whose" className="inline-flex rounded-m bg-sunken p-0.5">
      {choices.map(({ label, href, isCurrent }) => (
        <Link
          key={label}
          to={href}
          preventScrollReset
          aria-current={isCurrent ? 'true' : undefined}
          className={cn(
            'inline-flex min-h-7 items-center rounded-s px-2.5 no-underline max-md:min-h-11',
            isCurrent ? 'bg-surface font-medium shadow-raised' : 'text-muted hover:text-ink',
          )}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
