import { Link } from '@remix-run/react';
import { ChevronLeft } from 'lucide-react';

/** From one thing back to the list that it is in. */
export function BackLink({ to, children }: { to: string; children: string }) {
  return (
    <Link
      to={to}
      prefetch="intent"
      className="no-print hit -ml-1 inline-flex items-center gap-1 text-muted no-underline hover:text-ink"
    >
      <ChevronLeft aria-hidden="true" size={15} />
      {children}
    </Link>
  );
}
