import { Link, useSearchParams } from '@remix-run/react';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { changeSearch, rangeText } from '#app/components/data-table/table-url';
import { cn } from '#app/lib/cn';
import { formatCount } from '#app/lib/format';

interface PaginationProps {
  page: number;
  pageSize: number;
  total: number;
  /** False where there are more rows than `total`. */
  isTotalExact?: boolean;
}

/** Which rows of how many, and the way to the pages beside. Absent where one page holds everything. */
export function Pagination({ page, pageSize, total, isTotalExact = true }: PaginationProps) {
  const [search] = useSearchParams();
  const pages = Math.max(1, Math.ceil(total / pageSize));
  if (total <= pageSize && page === 1) {
    return total === 0 ? null : (
      <p className="border-t border-line px-4 py-2 text-s text-muted">{formatCount(total)} in all</p>
    );
  }
  return (
    <nav
      aria-label="Pages"
      className="no-print flex items-center gap-2 border-t border-line py-1 pr-1 pl-4 text-s text-muted"
    >
      <p className="mr-auto">{rangeText(page, pageSize, total, formatCount, isTotalExact)}</p>
      <PageLink
        to={changeSearch(search, { page: Math.min(page, pages + 1) - 1 })}
        off={page <= 1}
        label="Previous page"
      >
        <ChevronLeft aria-hidden="true" size={15} />
      </PageLink>
      <span>
        {formatCount(Math.min(page, pages))} / {formatCount(pages)}
        {isTotalExact ? '' : '+'}
      </span>
      <PageLink to={changeSearch(search, { page: page + 1 })} off={page >= pages} label="Next page">
        <ChevronRight aria-hidden="true" size={15} />
      </PageLink>
    </nav>
  );
}

function PageLink({
  to,
  off,
  label,
  children,
}: {
  to: string;
  off: boolean;
  label: string;
  children: ReactNode;
}) {
  const shape = 'hit inline-grid aspect-square place-items-center rounded-m';
  if (off) return <span className={cn(shape, 'text-line')}>{children}</span>;
  return (
    <Link to={to} prefetch="intent" aria-label={label} className={cn(shape, 'hover:bg-hover hover:text-ink')}>
      {children}
    </Link>
  );
}
