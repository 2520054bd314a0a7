import { paths } from '#app/lib/paths';
import type { PaletteEntry, PaletteFacts } from '#app/palette/entry';
import { bar } from '#app/palette/environment-entries';
import { procedureLabel } from '#app/runs/labels';
import { isActive, isUnended, RUN_STATUS_LABELS, type RunSummary } from '#server/runs/contract';

/** Runs that ended badly and are offered to go on, newest first. */
const RESUMABLE_LISTED = 5;
const RESUMABLE: readonly RunSummary['status'][] = ['failed', 'timed_out', 'needs_attention'];

/** Runs by their number, what can be done with those that have not ended well, and what awaits a second person. */
export function runEntries({ runs, approvals, subject }: PaletteFacts): PaletteEntry[] {
  const placeOf = ({ service, environment }: { service: string; environment: string }) =>
    `${service}/${environment}`;
  return [
    ...approvals
      .filter(({ isOpen }) => isOpen)
      .map(
        (run): PaletteEntry => ({
          id: `approve:${run.runId}`,
          group: 'waiting',
          icon: 'approve',
          title: `Approve or refuse #${run.number} ${run.title}`,
          detail: `asked for by ${run.requestedByName}`,
          command: 'approvals',
          keywords: ['approval', 'decide', 'second person', run.service, run.environment],
          place: placeOf(run),
          blockedBy: run.canApprove ? null : run.whyNot,
          does: { kind: 'open', href: paths.run(run.runId) },
        }),
      ),
    ...runs
      .filter(({ status }) => isUnended(status))
      .map(
        (run): PaletteEntry => ({
          id: `cancel:${run.id}`,
          group: 'waiting',
          icon: 'cancel',
          title: `Cancel run #${run.number} ${run.title}`,
          detail: RUN_STATUS_LABELS[run.status],
          command: 'runs cancel',
          keywords: ['stop', 'abort', 'withdraw', run.service, run.environment],
          place: placeOf(run),
          blockedBy:
            bar(subject, 'runs.cancel') ?? (run.status === 'cancelling' ? 'It is being cancelled' : null),
          does: { kind: 'open', href: paths.run(run.id) },
        }),
      ),
    ...runs
      .filter(({ status }) => RESUMABLE.includes(status))
      .slice(0, RESUMABLE_LISTED)
      .map(
        (run): PaletteEntry => ({
          id: `resume:${run.id}`,
          group: run.status === 'needs_attention' ? 'waiting' : 'runs',
          icon: 'resume',
          title: `Resume run #${run.number} ${run.title}`,
          detail: RUN_STATUS_LABELS[run.status],
          command: 'runs resume',
          keywords: ['continue', 'retry', 'go on', run.service, run.environment],
          place: placeOf(run),
          blockedBy: bar(subject, 'runs.resume') ?? heldByAnother(run, runs),
          does: { kind: 'open', href: paths.run(run.id) },
        }),
      ),
    ...runs.map(
      (run): PaletteEntry => ({
        id: `run:${run.id}`,
        group: 'runs',
        icon: 'run',
        title: `#${run.number} ${run.title}`,
        detail: RUN_STATUS_LABELS[run.status],
        keywords: [procedureLabel(run.procedure), run.service, run.environment, run.requestedByName, 'log'],
        place: placeOf(run),
        blockedBy: bar(subject, 'runs.read'),
        does: { kind: 'open', href: paths.run(run.id) },
      }),
    ),
  ];
}

/** A run that has ended cannot go on while another holds its environment. */
function heldByAnother(run: RunSummary, runs: readonly RunSummary[]): string | null {
  if (run.status === 'needs_attention') return null;
  const other = runs.find(
    (each) => isActive(each.status) && each.service === run.service && each.environment === run.environment,
  );
  return other ? `Run #${other.number} (${other.title}) holds this environment` : null;
}
