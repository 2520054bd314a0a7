import { columnVisibilityFeature, metaHelper, tableFeatures } from '@tanstack/react-table';

/** What a column of a DataTable may say about itself beside its cells. */
export interface TableColumnMeta {
  align?: 'end';
  /** The value of `sort` in the URL; the header becomes a link. */
  sortKey?: string;
  /** Left out on a phone, where the first column carries the essence. */
  wideOnly?: boolean;
  className?: string;
}

/** Sorting, filtering and paging are the database's; the table model holds columns and rows. */
export const tableModel = tableFeatures({
  columnVisibilityFeature,
  columnMeta: metaHelper<TableColumnMeta>(),
});
