import type { PersonView } from '#server/auth/contract';

export interface PeopleFilter {
  search?: string;
  role?: string;
  status?: string;
}

/** The filter that an address carries. */
export function peopleFilter(search: URLSearchParams): PeopleFilter {
  const { search: text, role, status } = Object.fromEntries(search);
  return { ...(text ? { search: text } : {}), ...(role ? { role } : {}), ...(status ? { status } : {}) };
}

/** The people whom a filter leaves: by a part of name or e-mail address, role and state. */
export function filterPeople(people: readonly PersonView[], filter: PeopleFilter): PersonView[] {
  const text = filter.search?.trim().toLocaleLowerCase() ?? '';
  return people.filter(
    (person) =>
      (!filter.role || person.role === filter.role) &&
      (!filter.status || person.status === filter.status) &&
      `${person.name}\n${person.email}`.toLocaleLowerCase().includes(text),
  );
}
