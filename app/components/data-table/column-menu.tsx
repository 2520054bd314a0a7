import { useFetcher, useLocation } from '@remix-run/react';
import { Columns3 } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { MENU_ITEM, Menu } from '#app/components/ui/menu';
import { paths } from '#app/lib/paths';

interface Choice {
  id: string;
  title: string;
  isVisible: boolean;
  canHide: boolean;
}

/** Which columns a table shows; kept by this browser. Without JavaScript its button sends the choice. */
export function ColumnMenu({ tableId, columns }: { tableId: string; columns: Choice[] }) {
  const fetcher = useFetcher();
  const location = useLocation();
  const choices = columns.filter((column) => column.canHide);
  return (
    <Menu
      label="Columns"
      align="end"
      trigger={<Columns3 aria-hidden="true" size={15} className="text-muted" />}
      triggerClassName="max-md:hidden"
    >
      <fetcher.Form
        method="post"
        action={paths.theme()}
        onChange={(event) => fetcher.submit(event.currentTarget)}
        className="p-1"
      >
        <input type="hidden" name="intent" value="columns" />
        <input type="hidden" name="table" value={tableId} />
        <input type="hidden" name="returnTo" value={`${location.pathname}${location.search}`} />
        <fieldset>
          <legend className="px-2 py-1 text-s text-muted">Columns shown</legend>
          {choices.map((column) => (
            <label key={column.id} className={MENU_ITEM}>
              <input type="hidden" name="known" value={column.id} />
              <input
                type="checkbox"
                name="shown"
                value={column.id}
                defaultChecked={column.isVisible}
                className="accent-herb"
              />
              {column.title}
            </label>
          ))}
        </fieldset>
        <noscript>
          <Button type="submit" size="s" className="mt-1 w-full">
            Keep
          </Button>
        </noscript>
      </fetcher.Form>
    </Menu>
  );
}
