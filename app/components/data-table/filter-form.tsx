import { Form, Link, useSearchParams, useSubmit } from '@remix-run/react';
import { Search } from 'lucide-react';
import { type ReactNode, type RefObject, useEffect, useRef } from 'react';
import { activeFilters } from '#app/components/data-table/table-url';
import { Button } from '#app/components/ui/button';

const TYPING_PAUSE_MS = 250;

/** The filters of a list as a GET form: applied while they change, or by its button without JavaScript. */
export function FilterForm({ children }: { children: ReactNode }) {
  const submit = useSubmit();
  const [search] = useSearchParams();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const hasFilters = Object.keys(activeFilters(search)).length > 0;
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
  const value = useSearchParams()[0].get('search') ?? '';
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
        name="search"
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
    <label className="block max-sm:flex-1">
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
