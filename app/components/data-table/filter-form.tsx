import { Form, Link, useSearchParams, useSubmit } from '@remix-run/react';
import { Search, X } from 'lucide-react';
import { Children, isValidElement, type ReactNode, type RefObject, useEffect, useRef } from 'react';
import { activeFilters, changeSearch } from '#app/components/data-table/table-url';
import { Button } from '#app/components/ui/button';

const TYPING_PAUSE_MS = 250;
const SEARCH = 'search';

/**
 * The filters of a list as a GET form: applied while they change, or by its button without JavaScript. Those of the
 * address that none of its controls has stay as they are, and each is shown as words that take it away.
 * @param shownBeside names that the page shows beside the form, so that they need no words
 */
export function FilterForm({
  children,
  shownBeside = [],
}: {
  children: ReactNode;
  shownBeside?: readonly string[];
}) {
  const submit = useSubmit();
  const [search] = useSearchParams();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const active = activeFilters(search);
  const hasFilters = Object.keys(active).length > 0;
  const controls = controlNames(children);
  const others = Object.entries(active).filter(([name]) => !controls.has(name));
  const words = others.filter(([name]) => !shownBeside.includes(name));
  return (
    <Form
      method="get"
      role="search"
      className="flex flex-wrap items-center gap-2"
      onChange={(event) => {
        const form = event.currentTarget;
        const isTyping = event.target instanceof HTMLInputElement;
        clearTimeout(timer.current);
        timer.current = setTimeout(
          () => submit(filledIn(form), { replace: true, preventScrollReset: true }),
          isTyping ? TYPING_PAUSE_MS : 0,
        );
      }}
    >
      {children}
      {others.map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {words.length > 0 ? (
        <span className="flex min-w-0 flex-wrap gap-2 max-sm:basis-full">
          {words.map(([name, value]) => (
            <Link
              key={name}
              to={changeSearch(search, { [name]: null })}
              aria-label={`${name}: ${value}, take this filter away`}
              className="hit inline-flex max-w-full items-center gap-1.5 rounded-m bg-pressed px-2.5 text-s no-underline hover:bg-hover"
            >
              <span className="truncate">
                {name}: {value}
              </span>
              <X aria-hidden="true" size={13} className="shrink-0" />
            </Link>
          ))}
        </span>
      ) : null}
      <noscript>
        <Button type="submit">Filter</Button>
      </noscript>
      {hasFilters ? (
        <Link to="?" className="link px-1 text-s text-muted hover:text-ink">
          Clear filters
        </Link>
      ) : null}
    </Form>
  );
}

/** The names of the controls among what a form shows. */
export function controlNames(children: ReactNode): Set<string> {
  const names = new Set<string>();
  for (const child of Children.toArray(children)) {
    if (!isValidElement<{ name?: string; children?: ReactNode }>(child)) continue;
    if (child.type === SearchFilter) names.add(SEARCH);
    if (child.props.name) names.add(child.props.name);
    for (const name of controlNames(child.props.children)) names.add(name);
  }
  return names;
}

/** The filters that say something; the others only lengthen the address. */
function filledIn(form: HTMLFormElement): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value !== '') search.append(name, value);
  }
  return search;
}

/** The free-text filter. */
export function SearchFilter({ label, placeholder }: { label: string; placeholder: string }) {
  const value = useSearchParams()[0].get(SEARCH) ?? '';
  const input = useRef<HTMLInputElement>(null);
  useFollowsUrl(input, value);
  return (
    <label className="relative block flex-1 max-sm:basis-full sm:max-w-64 sm:min-w-40">
      <span className="sr-only">{label}</span>
      <Search
        aria-hidden="true"
        size={14}
        className="absolute top-1/2 left-2.5 -translate-y-1/2 text-faint"
      />
      <input
        ref={input}
        type="search"
        name={SEARCH}
        defaultValue={value}
        placeholder={placeholder}
        className="control border-line pl-8"
      />
    </label>
  );
}

/** A filter with one of some values; the first choice is "all". */
export function ChoiceFilter({
  name,
  label,
  all,
  options,
}: {
  name: string;
  label: string;
  all: string;
  options: { value: string; label: string }[];
}) {
  const [search] = useSearchParams();
  const value = search.get(name) ?? '';
  const select = useRef<HTMLSelectElement>(null);
  useFollowsUrl(select, value);
  return (
    <label className="block max-sm:min-w-[calc(50%-0.25rem)] max-sm:flex-1">
      <span className="sr-only">{label}</span>
      <select
        ref={select}
        name={name}
        defaultValue={value}
        className="control w-auto border-line pr-7 max-sm:w-full"
      >
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A control shows what the URL says, unless its person is in it: nothing is taken from under their hands. */
function useFollowsUrl(control: RefObject<HTMLInputElement | HTMLSelectElement | null>, value: string): void {
  useEffect(() => {
    if (control.current && document.activeElement !== control.current) control.current.value = value;
  }, [control, value]);
}
