import { Link, useLocation, useNavigate, useNavigation, useSearchParams } from '@remix-run/react';
import { type ColumnDef, type RowData, useTable } from '@tanstack/react-table';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type MouseEvent, type ReactNode, useMemo, useRef } from 'react';
import { ColumnMenu } from '#app/components/data-table/column-menu';
import { tableModel } from '#app/components/data-table/features';
import { Pagination } from '#app/components/data-table/pagination';
import { type SortState, sortSearch } from '#app/components/data-table/table-url';
import { useRowKeys } from '#app/components/data-table/use-row-keys';
import { usePreferences } from '#app/components/layout/root-data';
import { cn } from '#app/lib/cn';

interface DataTableProps<Row extends RowData> {
  /** Names the table where the choice of columns is kept. */
  id: string;
  /** What the rows are, for screen readers. */
  caption: string;
  columns: ColumnDef<typeof tableModel, Row, never>[];
  rows: Row[];
  total: number;
  /** False where there are more rows than `total`. */
  isTotalExact?: boolean;
  page: number;
  pageSize: number;
  sort?: SortState;
  rowId: (row: Row) => string;
  /** Where a click on a row leads; the first column's own link (`data-row-link`) leads there too. */
  rowHref?: (row: Row) => string;
  toolbar?: ReactNode;
  actions?: ReactNode;
  empty: ReactNode;
}

/**
 * A page of a list that the server sorts, filters and pages; all of it is in the URL. Works without JavaScript by plain
 * links and forms; with it, rows follow the keyboard and the whole row is a target.
 */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { columns, rows, rowId, rowHref, sort } = props;
  const [search] = useSearchParams();
  const hidden = usePreferences().hiddenColumns[props.id];
  const columnVisibility = useMemo(
    () => Object.fromEntries((hidden ?? []).map((column) => [column, false])),
    [hidden],
  );
  const table = useTable({
    features: tableModel,
    columns: columns as ColumnDef<typeof tableModel, Row>[],
    data: rows,
    getRowId: rowId,
    state: { columnVisibility },
  });
  const root = useRef<HTMLDivElement>(null);
  useRowKeys(root);
  const navigate = useNavigate();
  const location = useLocation();
  const navigation = useNavigation();
  const isChanging = navigation.state === 'loading' && navigation.location.pathname === location.pathname;

  const follow = (event: MouseEvent, row: Row) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!rowHref || target?.closest('a, button, input, summary, details, label')) return;
    if (window.getSelection()?.toString()) return;
    if (event.metaKey || event.ctrlKey) window.open(rowHref(row), '_blank', 'noopener');
    else navigate(rowHref(row));
  };

  return (
    <div className="min-w-0 rounded-l bg-surface shadow-raised">
      {props.toolbar || props.actions ? (
        <div
          className={cn(
            'no-print flex flex-wrap items-end gap-2 border-b border-line p-2',
            // On a phone there is nothing else in it.
            !props.toolbar && 'max-md:hidden',
          )}
        >
          <div className="min-w-0 flex-1">{props.toolbar}</div>
          <div className="flex items-center gap-1 max-md:hidden">
            {props.actions}
            <ColumnMenu
              tableId={props.id}
              columns={table.getAllLeafColumns().map((column) => ({
                id: column.id,
                title: typeof column.columnDef.header === 'string' ? column.columnDef.header : column.id,
                isVisible: column.getIsVisible(),
                canHide: column.getCanHide(),
              }))}
            />
          </div>
        </div>
      ) : null}
      {rows.length === 0 ? (
        props.empty
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section ref={root} className="print-flat overflow-x-auto" aria-label={props.caption} tabIndex={0}>
          <table
            className={cn('w-full border-collapse text-left transition-opacity', isChanging && 'opacity-60')}
            aria-busy={isChanging}
          >
            <caption className="sr-only">{props.caption}</caption>
            <thead className="text-s text-muted">
              {table.getHeaderGroups().map((group) => (
                <tr key={group.id} className="border-b border-line">
                  {group.headers.map((header) => {
                    const { meta } = header.column.columnDef;
                    const isSorted = Boolean(meta?.sortKey && sort?.sort === meta.sortKey);
                    return (
                      <th
                        key={header.id}
                        scope="col"
                        aria-sort={
                          isSorted ? (sort?.order === 'asc' ? 'ascending' : 'descending') : undefined
                        }
                        className={cn(
                          'h-8 px-3 font-medium whitespace-nowrap first:pl-4 last:pr-4',
                          meta?.align === 'end' && 'text-right',
                          meta?.wideOnly && 'hidden md:table-cell',
                        )}
                      >
                        {meta?.sortKey && sort ? (
                          <Link
                            to={sortSearch(search, meta.sortKey, sort)}
                            preventScrollReset
                            className="inline-flex items-center gap-1 no-underline hover:text-ink"
                          >
                            {isSorted && meta.align === 'end' ? <SortIcon order={sort.order} /> : null}
                            <table.FlexRender header={header} />
                            {isSorted && meta.align !== 'end' ? <SortIcon order={sort.order} /> : null}
                          </Link>
                        ) : (
                          <table.FlexRender header={header} />
                        )}
                      </th>
                    );
                  })}
                </tr>
              ))}
            </thead>
            <tbody>
              {table.getRowModel().rows.map((row) => (
                <tr
                  key={row.id}
                  onClick={(event) => follow(event, row.original)}
                  className={cn(
                    'border-b border-line last:border-b-0 focus-within:bg-hover hover:bg-hover',
                    rowHref && 'js:cursor-pointer',
                  )}
                >
                  {row.getVisibleCells().map((cell) => {
                    const { meta } = cell.column.columnDef;
                    return (
                      <td
                        key={cell.id}
                        className={cn(
                          'h-[35px] px-3 py-1.5 align-middle first:pl-4 last:pr-4 max-md:py-2.5',
                          meta?.align === 'end' && 'text-right',
                          meta?.wideOnly && 'hidden md:table-cell',
                          meta?.className,
                        )}
                      >
                        <table.FlexRender cell={cell} />
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Pagination
        page={props.page}
        pageSize={props.pageSize}
        total={props.total}
        isTotalExact={props.isTotalExact}
      />
    </div>
  );
}

function SortIcon({ order }: { order: 'asc' | 'desc' }) {
  const Icon = order === 'asc' ? ArrowUp : ArrowDown;
  return <Icon aria-hidden="true" size={12} />;
}
