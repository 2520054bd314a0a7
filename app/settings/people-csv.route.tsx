import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { filterPeople, peopleFilter } from '#app/settings/people-filter';
import { listPeople } from '#server/auth/queries';

const HEADER = [
  'name',
  'e-mail',
  'role',
  'state',
  'Slack handle',
  'demo',
  'added (UTC)',
  'last seen (UTC)',
  'open sessions',
  'active tokens',
];

export const loader = protectedLoader({ access: 'people.manage' }, async ({ ctx, url }) => {
  const people = filterPeople(await listPeople(ctx, {}), peopleFilter(url.searchParams));
  const rows = people.map((person) => [
    person.name,
    person.email,
    person.role,
    person.status,
    person.slackHandle,
    person.isDemo,
    person.createdAt,
    person.lastSeenAt,
    person.openSessions,
    person.activeTokens,
  ]);
  return csvResponse('people.csv', HEADER, once(rows));
});

async function* once<T>(rows: T) {
  yield rows;
}
