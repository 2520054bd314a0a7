import path from 'node:path';
import type { CommandInput, Ops } from '#server/cli/ops/command';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { age, clean } from '#server/cli/ops/output/format';
import { markOf } from '#server/cli/ops/output/paint';
import { renderPairs } from '#server/cli/ops/output/table';
import { PROJECT_ROOT } from '#server/platform/project-root';
import type { ConfigurationView, EnvironmentConfiguration } from '#server/services/contract';
import { readConfig } from '#server/services/load-config';

export async function showConfiguration(ops: Ops<'getConfiguration'>): Promise<undefined> {
  const found = await ops.call('getConfiguration', {});
  ops.screen.show(found, () => [
    ...fileLines(found),
    ...workerLines(found, ops.screen.now),
    ...found.services.flatMap(({ service, environments }) =>
      environments.flatMap((environment) => ['', ...environmentLines(service, environment)]),
    ),
  ]);
  return undefined;
}

function fileLines({ hash, file }: ConfigurationView): string[] {
  const said = {
    in_use: `${markOf('ok')} in use`,
    changed: `${markOf('warning')} changed since: a restart takes ${file.changes.join(', ')}`,
    broken: `${markOf('critical')} broken: a restart would fail`,
  }[file.state];
  return [
    `${file.name}  ${said}  (in use: ${hash.slice(0, 12)})`,
    ...file.faults.map(({ key, message }) => `  ${key ?? '(whole file)'}: ${clean(message)}`),
  ];
}

function workerLines({ hash, workers }: ConfigurationView, nowMs: number): string[] {
  return workers.map((worker) => {
    const same = worker.hash === hash ? 'the same' : `another: ${worker.hash?.slice(0, 12) ?? 'unknown'}`;
    const life = worker.isAlive
      ? `${markOf('ok')} alive`
      : `${markOf('critical')} gone, seen ${age(worker.lastSeenAt, nowMs)}`;
    return `worker ${worker.hostname} ${worker.pid}  ${life}  configuration: ${same}`;
  });
}

function environmentLines(service: string, each: EnvironmentConfiguration): string[] {
  const checks = each.checklist.flatMap((phase) => phase.checks.map((check) => check.key));
  return [
    `${service}/${each.environment}${each.isPractice ? ' (practice)' : ''}`,
    ...renderPairs([
      ['  address', each.url],
      ['  driver', each.deploy.driver],
      ...each.deploy.settings.map(({ name, value }) => [`  ${name}`, clean(value)] as const),
      [
        '  variables',
        each.deploy.variables.map(({ name, isSecret }) => (isSecret ? `${name} (secret)` : name)).join(', '),
      ],
      ['  checklist', checks.join(', ')],
      ['  approvals', each.approvals.join(', ')],
      ['  after a failed validation', each.validation.onFailure],
      ['  rollback budget', `${each.rollback.budgetSeconds} s`],
    ]),
  ];
}

/** Reads the configuration file of this machine as a start would. */
export async function checkConfiguration(
  { screen, terminal }: Ops<never>,
  input: CommandInput,
): Promise<ExitCode> {
  const file = input.args[0] ?? path.resolve(PROJECT_ROOT, terminal.env.OPS_CONFIG || 'ops.config.ts');
  const reading = await readConfig(file);
  if (reading.state === 'usable') {
    const { hash, config } = reading.loaded;
    screen.show({ file, state: reading.state, hash, services: Object.keys(config.services) }, () => [
      `${markOf('ok')} ${file} can be used (${hash.slice(0, 12)}).`,
    ]);
    return EXIT.done;
  }
  screen.show({ file, ...reading }, () => [
    `${markOf('critical')} ${file} is ${reading.state}: a start would fail.`,
    ...reading.faults.map(({ key, message }) => `  ${key ?? '(whole file)'}: ${clean(message)}`),
  ]);
  return EXIT.usage;
}
