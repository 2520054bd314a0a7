import { Link } from '@remix-run/react';
import { ScrollText } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSubject } from '#app/components/layout/root-data';
import { paths } from '#app/lib/paths';
import { can } from '#server/auth/contract';

/** Leads to the entries of the audit log that a page is about; absent for whom the log is closed. */
export function AuditLink({
  filter,
  children = 'Audit log',
}: {
  filter: Parameters<typeof paths.audit>[0];
  children?: ReactNode;
}) {
  if (!can(useSubject(), 'audit.read')) return null;
  return (
    <Link
      to={paths.audit(filter)}
      className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink"
    >
      <ScrollText aria-hidden="true" size={15} />
      {children}
    </Link>
  );
}
