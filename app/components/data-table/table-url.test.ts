import { describe, expect, it } from 'vitest';
import {
  activeFilters,
  changeSearch,
  pageOfRows,
  rangeText,
  sortSearch,
} from '#app/components/data-table/table-url';

const search = (text: string) => new URLSearchParams(text);

describe('table URLs', () => {
  it('goes to the first page when a filter changes and keeps the other filters', () => {
    expect(changeSearch(search('page=4&status=failed'), { search: 'v1' })).toBe('?status=failed&search=v1');
  });

  it('turns pages without touching filters and names no first page', () => {
    expect(changeSearch(search('status=failed'), { page: 3 })).toBe('?status=failed&page=3');
    expect(changeSearch(search('status=failed&page=2'), { page: 1 })).toBe('?status=failed');
  });

  it('removes what is cleared', () => {
    expect(changeSearch(search('status=failed'), { status: null })).toBe('?');
  });

  it('sorts descending first, then the other way round', () => {
    expect(sortSearch(search(''), 'duration', { sort: 'created', order: 'desc' })).toBe(
      '?sort=duration&order=desc',
    );
    expect(sortSearch(search(''), 'duration', { sort: 'duration', order: 'desc' })).toBe(
      '?sort=duration&order=asc',
    );
  });

  it('says which rows are shown, also past the end', () => {
    expect(rangeText(2, 50, 120, String)).toBe('51–100 of 120');
    expect(rangeText(3, 50, 120, String)).toBe('101–120 of 120');
    expect(rangeText(9, 50, 120, String)).toBe('120–120 of 120');
    expect(rangeText(1, 50, 0, String)).toBe('none');
    expect(rangeText(1, 50, 1000, String, false)).toBe('1–50 of more than 1000');
  });

  it('cuts the page that is asked for, and the nearest one where there is none like that', () => {
    const all = Array.from({ length: 60 }, (_, index) => index);
    const first = (text: string) => pageOfRows(all, search(text)).rows[0];
    expect(['', 'page=2', 'page=9', 'page=-1', 'page=x'].map(first)).toEqual([0, 25, 50, 0, 0]);
    expect(pageOfRows(all, search('page=3'))).toMatchObject({ total: 60, page: 3, rows: { length: 10 } });
    expect(pageOfRows([], search('page=3'))).toEqual({ rows: [], total: 0, page: 1, pageSize: 25 });
  });

  it('knows filters from paging', () => {
    expect(activeFilters(search('page=2&sort=created&status=failed&search='))).toEqual({ status: 'failed' });
  });
});
