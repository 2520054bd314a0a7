import { type CommandInput, type Ops, textOf } from '#server/cli/ops/command';
import { incidentNumber, incidentNumberOf } from '#server/cli/ops/commands/incident-number';
import { usageFailure } from '#server/cli/ops/failure';
import { clean } from '#server/cli/ops/output/format';
import { INCIDENT_ROLE_LABELS, INCIDENT_ROLES, type IncidentRole } from '#server/incidents/words/contract';

export async function retitleIncident(
  ops: Ops<'getIncident' | 'changeIncidentTitle'>,
  input: CommandInput,
): Promise<undefined> {
  const number = incidentNumberOf(input);
  const { version } = await ops.call('getIncident', { number });
  const incident = await ops.call('changeIncidentTitle', {
    number,
    version,
    title: input.args.slice(1).join(' '),
    reason: textOf(input, 'reason'),
  });
  ops.screen.show(incident, () => [`${incident.name} is called "${clean(incident.title)}".`]);
  return undefined;
}

function roleOf(given: string): IncidentRole {
  const role = INCIDENT_ROLES.find((each) => each === given.toLowerCase());
  if (role) return role;
  throw usageFailure(`"${given}" is no role of an incident.`, `There are: ${INCIDENT_ROLES.join(', ')}.`);
}

export async function setIncidentRole(
  ops: Ops<'getIncident' | 'assignIncidentRole' | 'leaveIncidentRole'>,
  input: CommandInput,
): Promise<undefined> {
  const number = incidentNumberOf(input);
  const role = roleOf(input.args[1] ?? '');
  const email = input.args[2];
  const { version } = await ops.call('getIncident', { number });
  const leaves = input.options.leave === true;
  const wish = { number, version, role, email };
  const incident = await (leaves
    ? ops.call('leaveIncidentRole', wish)
    : ops.call('assignIncidentRole', wish));
  const who = email === undefined ? 'You are' : `${clean(email)} is`;
  const label = INCIDENT_ROLE_LABELS[role].toLowerCase();
  ops.screen.show(incident, () => [`${who} ${label} of ${incident.name} ${leaves ? 'no more' : 'now'}.`]);
  return undefined;
}

export async function correctEntry(
  ops: Ops<'correctIncidentEntry'>,
  input: CommandInput,
): Promise<undefined> {
  const entry = await ops.call('correctIncidentEntry', {
    number: incidentNumberOf(input),
    entryId: (input.args[1] ?? '').replace(/^#/, ''),
    text: input.args.slice(2).join(' '),
  });
  ops.screen.show(entry, () => [
    `Corrected in INC-${entry.incidentNumber}: ${clean(entry.correctsText ?? '')}`,
    `It reads: ${clean(entry.text)}`,
  ]);
  return undefined;
}

export async function pinEntry(
  ops: Ops<'pinIncidentEntry' | 'unpinIncidentEntry'>,
  input: CommandInput,
): Promise<undefined> {
  const which = { number: incidentNumberOf(input), entryId: (input.args[1] ?? '').replace(/^#/, '') };
  const isOff = input.options.off === true;
  const entry = await (isOff ? ops.call('unpinIncidentEntry', which) : ops.call('pinIncidentEntry', which));
  ops.screen.show(entry, () => [`${isOff ? 'Unpinned' : 'Pinned'}: ${clean(entry.text)}`]);
  return undefined;
}

export async function mergeIncidents(
  ops: Ops<'getIncident' | 'mergeIncident'>,
  input: CommandInput,
): Promise<undefined> {
  const number = incidentNumberOf(input);
  const [into, reason] = [textOf(input, 'into'), textOf(input, 'reason')];
  if (into === undefined || reason === undefined)
    throw usageFailure(
      'Say which one goes on, and why they are the same.',
      'For example: ops incident merge INC-43 --into INC-42 --reason "The same gateway"',
    );
  const other = incidentNumber(into);
  const seen = await ops.call('getIncident', { number });
  await ops.confirm({
    level: 'consequential',
    text: `Merge INC-${number} (${clean(seen.title)}) into INC-${other}, which goes on? This cannot be undone.`,
    name: `INC-${number}`,
  });
  const goesOn = await ops.call('mergeIncident', { number, version: seen.version, into: other, reason });
  ops.screen.show(goesOn, () => [`INC-${number} was merged into ${goesOn.name}, which goes on.`]);
  return undefined;
}
