import { type PersonView, ROLE_LABELS, ROLES, type Role } from '#server/auth/contract';
import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { usageFailure } from '#server/cli/ops/failure';
import { age, clean, when } from '#server/cli/ops/output/format';
import type { State } from '#server/cli/ops/output/paint';
import type { Column } from '#server/cli/ops/output/table';

const STATES: Record<PersonView['status'], State> = { active: 'ok', invited: 'warning', disabled: 'quiet' };

export async function listPeople(ops: Ops<'listPeople'>): Promise<undefined> {
  const found = await ops.call('listPeople', {});
  const { now } = ops.screen;
  const columns: Column<PersonView>[] = [
    { title: 'Name', cell: (person) => person.name, flexible: true },
    { title: 'E-mail', cell: (person) => person.email, flexible: true },
    { title: 'Role', cell: (person) => person.role },
    { title: 'State', cell: (person) => ({ state: STATES[person.status], text: person.status }) },
    {
      title: 'Seen',
      cell: (person) => (person.lastSeenAt ? age(person.lastSeenAt, now) : 'never'),
      right: true,
    },
    { title: 'Tokens', cell: (person) => String(person.activeTokens), right: true },
  ];
  ops.screen.table(found, found.rows, columns, 'There is nobody.');
  return undefined;
}

/** The person with an e-mail address or an id. @throws OpsFailure `usage` */
async function find(ops: Ops<'listPeople'>, given: string): Promise<PersonView> {
  const { rows } = await ops.call('listPeople', {});
  const person = rows.find((row) => row.id === given || row.email === given.trim().toLowerCase());
  if (!person)
    throw usageFailure(
      `There is nobody "${given}".`,
      'Name them by their e-mail address; see "ops user list".',
    );
  return person;
}

function roleOf(given: string | undefined): Role {
  if (given !== undefined && ROLES.includes(given as Role)) return given as Role;
  throw usageFailure(`"${given ?? ''}" is no role.`, `There are: ${ROLES.join(', ')}.`);
}

export async function createPerson(ops: Ops<'createPerson'>, input: CommandInput): Promise<undefined> {
  const made = await ops.call('createPerson', {
    email: input.args[0] ?? '',
    name: textOf(input, 'name') ?? '',
    role: roleOf(textOf(input, 'role')),
  });
  showLink(ops, made);
  return undefined;
}

export async function renewLink(
  ops: Ops<'listPeople' | 'renewLink'>,
  input: CommandInput,
): Promise<undefined> {
  const { id: userId } = await find(ops, input.args[0] ?? '');
  showLink(ops, await ops.call('renewLink', { userId }));
  return undefined;
}

function showLink(
  { screen, settings }: Ops<never>,
  made: { person: PersonView; link: { path: string; expiresAt: string } | null },
): void {
  const { person, link } = made;
  const url = link && `${settings.url}${link.path}`;
  if (link) {
    screen.notice(
      `${clean(person.name)} (${ROLE_LABELS[person.role]}) chooses a password here, once, until ${when(link.expiresAt, screen.now)}:`,
    );
  }
  screen.show({ ...made, url }, () => (url ? [url] : []));
}

export async function changeRole(
  ops: Ops<'listPeople' | 'changeRole'>,
  input: CommandInput,
): Promise<undefined> {
  const role = roleOf(input.args[1]);
  const person = await find(ops, input.args[0] ?? '');
  await ops.confirm({
    level: 'consequential',
    text: `Make ${clean(person.name)} (${ROLE_LABELS[person.role]}) ${ROLE_LABELS[role]}?`,
    name: person.email,
  });
  const changed = await ops.call('changeRole', { userId: person.id, role });
  ops.screen.show(changed, () => [`${clean(changed.name)} has the role ${ROLE_LABELS[changed.role]}.`]);
  return undefined;
}

export async function disablePerson(
  ops: Ops<'listPeople' | 'disablePerson'>,
  input: CommandInput,
): Promise<undefined> {
  const person = await find(ops, input.args[0] ?? '');
  await ops.confirm({
    level: 'consequential',
    text: `Keep ${clean(person.name)} out, with ${person.openSessions} open sessions and ${person.activeTokens} tokens?`,
    name: person.email,
  });
  const disabled = await ops.call('disablePerson', {
    userId: person.id,
    reason: textOf(input, 'reason') ?? '',
  });
  ops.screen.show(disabled, () => [`${clean(disabled.name)} is disabled.`]);
  return undefined;
}

export async function enablePerson(
  ops: Ops<'listPeople' | 'enablePerson'>,
  input: CommandInput,
): Promise<undefined> {
  const person = await find(ops, input.args[0] ?? '');
  const enabled = await ops.call('enablePerson', { userId: person.id });
  ops.screen.show(enabled, () => [`${clean(enabled.name)} may sign in again.`]);
  return undefined;
}
