import { Form, Link, useLocation, useSearchParams } from '@remix-run/react';
import { Bookmark, Users } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { FailureNotice } from '#app/components/ui/notice';
import type { ActionFailure } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import type { SavedView } from '#server/views/contract';
import { filterOf, VIEW_NAME_MAX, type ViewList } from '#server/views/words/contract';

/** A view that every list of its kind has. */
export interface BuiltInView {
  name: string;
  query: string;
}

/** The views of a list as links, and what can be done with the one that is looked at. Works without JavaScript. */
export function SavedViews({
  list,
  builtIn,
  views,
  shareBlockedBy,
  failure,
}: {
  list: ViewList;
  builtIn: readonly BuiltInView[];
  views: readonly SavedView[];
  /** Why the person may not give a view to everybody. */
  shareBlockedBy: string | null;
  failure: ActionFailure | undefined;
}) {
  const [search] = useSearchParams();
  const { pathname } = useLocation();
  const shown = filterOf(search.toString());
  const all = [...builtIn.map((view) => ({ ...view, id: view.name, isShared: false, isOwn: false }))];
  const kept = views.map((view) => ({ ...view, isOwn: !view.isShared }));
  const current = views.find(({ query }) => query === shown);
  const isKnown = shown === '' || current || builtIn.some(({ query }) => filterOf(query) === shown);
  const action = `${pathname}?${search}`;
  return (
    <nav aria-label="Views" className="mb-3 grid gap-2">
      <ul className="flex flex-wrap items-center gap-1">
        {[...all, ...kept].map(({ id, name, query, isShared, isOwn }) => {
          const filter = filterOf(query);
          const Icon = isShared ? Users : isOwn ? Bookmark : null;
          return (
            <li key={id}>
              <Link
                to={filter === '' ? pathname : `?${filter}`}
                aria-current={filter === shown ? 'page' : undefined}
                className={cn(
                  'hit inline-flex max-w-60 items-center gap-1.5 rounded-m px-2.5 no-underline hover:bg-hover',
                  filter === shown ? 'bg-pressed font-medium' : 'text-muted',
                )}
              >
                {Icon ? <Icon aria-hidden="true" size={13} className="shrink-0" /> : null}
                <span className="truncate">{name}</span>
                {isShared ? <span className="sr-only">, of everybody</span> : null}
              </Link>
            </li>
          );
        })}
      </ul>
      <FailureNotice failure={failure} />
      {isKnown ? null : (
        <ViewForm list={list} action={action} shown={shown} {...{ shareBlockedBy, failure }} />
      )}
      {current?.mayChange ? <ChangeForm view={current} action={action} failure={failure} /> : null}
    </nav>
  );
}

/** What was typed into a form that was refused. */
function typed(failure: ActionFailure | undefined, intent: string, name: string): string | undefined {
  const value = failure?.intent === intent ? failure.values[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function NameField({ value, errors }: { value: string; errors: readonly string[] }) {
  return (
    <label className="flex min-w-0 items-center gap-2">
      <span>Name</span>
      <input
        name="name"
        required
        maxLength={VIEW_NAME_MAX}
        autoComplete="off"
        defaultValue={value}
        aria-invalid={errors.length > 0 ? true : undefined}
        className="control w-48"
      />
    </label>
  );
}

function ViewForm({
  list,
  action,
  shown,
  shareBlockedBy,
  failure,
}: {
  list: ViewList;
  action: string;
  shown: string;
  shareBlockedBy: string | null;
  failure: ActionFailure | undefined;
}) {
  return (
    <details open={failure?.intent === 'save-view' || undefined}>
      <summary className="hit inline-flex items-center text-s text-muted underline underline-offset-3">
        Save what is shown as a view
      </summary>
      <Form
        method="post"
        action={action}
        preventScrollReset
        className="flex flex-wrap items-center gap-3 py-1"
      >
        <input type="hidden" name="intent" value="save-view" />
        <input type="hidden" name="list" value={list} />
        <input type="hidden" name="query" value={shown} />
        <NameField
          value={typed(failure, 'save-view', 'name') ?? ''}
          errors={failure?.intent === 'save-view' ? (failure.fields.name ?? []) : []}
        />
        {shareBlockedBy ? (
          <span className="text-s text-muted">For you alone.</span>
        ) : (
          <label className="hit inline-flex items-center gap-2">
            <input
              type="checkbox"
              name="isShared"
              value="true"
              defaultChecked={typed(failure, 'save-view', 'isShared') === 'true'}
            />
            For everybody
          </label>
        )}
        <Button type="submit">Save the view</Button>
      </Form>
    </details>
  );
}

function ChangeForm({
  view: { id, name, version, isShared, ownerName },
  action,
  failure,
}: {
  view: SavedView;
  action: string;
  failure: ActionFailure | undefined;
}) {
  const isRefused = failure?.intent === 'rename-view' || failure?.intent === 'delete-view';
  return (
    <details key={`${id} ${version}`} open={isRefused || undefined}>
      <summary className="hit inline-flex items-center text-s text-muted underline underline-offset-3">
        Rename or delete this view
      </summary>
      <Form
        method="post"
        action={action}
        preventScrollReset
        className="flex flex-wrap items-center gap-3 py-1"
      >
        <input type="hidden" name="viewId" value={id} />
        <input type="hidden" name="version" value={version} />
        <NameField
          value={typed(failure, 'rename-view', 'name') ?? name}
          errors={failure?.intent === 'rename-view' ? (failure.fields.name ?? []) : []}
        />
        <Button type="submit" name="intent" value="rename-view">
          Rename it
        </Button>
        <Button type="submit" name="intent" value="delete-view" formNoValidate>
          Delete it{isShared ? ' for everybody' : ''}
        </Button>
        {isShared ? <span className="text-s text-muted">{ownerName} made it for everybody.</span> : null}
      </Form>
    </details>
  );
}
