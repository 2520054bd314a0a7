import { PERMISSIONS, ROLE_LABELS } from '#server/auth/contract';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { clean, clock, duration, when } from '#server/cli/ops/output/format';
import { markOf, type Paint, stateOfRun, wordOf } from '#server/cli/ops/output/paint';
import type { RunDetail } from '#server/runs/contract';

/** How a run that was followed ended, and what one can do now. */
export function endLines(run: RunDetail, exitCode: ExitCode, paint: Paint): string[] {
  const state = stateOfRun(run.status);
  const spentMs = run.startedAt && run.endedAt ? Date.parse(run.endedAt) - Date.parse(run.startedAt) : null;
  const took = spentMs === null ? '' : ` in ${duration(spentMs)} of ${clock(run.budgetMs)}`;
  const lines = [
    `${paint(state, markOf(state))} Run #${run.number} (${clean(run.title)}) ${wordOf(run.status)}${took}.`,
  ];
  if (exitCode === EXIT.done) return lines;
  if (run.error) lines.push(`  ${clean(run.error)}`);
  if (run.cancelReason) {
    lines.push(
      `  ${run.cancelRequestedBy ? `${clean(run.cancelRequestedBy)}: ` : ''}${clean(run.cancelReason)}`,
    );
  }
  if (exitCode === EXIT.approval && run.approval?.decision === 'refused') {
    lines.push(
      `  Refused by ${clean(run.approval.byName ?? 'somebody')}: ${clean(run.approval.reason ?? '')}`,
    );
  }
  if (run.supersededBy)
    lines.push(`  Run #${run.supersededBy.number} took its place: ops runs tail ${run.supersededBy.number}`);
  for (const next of run.followUps) {
    lines.push(`  It led to run #${next.number} (${clean(next.title)}): ops runs tail ${next.number}`);
  }
  if (exitCode === EXIT.approval) return lines;
  lines.push(`  Look: ops runs show ${run.number}, ops runs tail ${run.number}.`);
  if (run.canResume) lines.push(`  Go on from where it stopped: ops runs resume ${run.number}.`);
  return lines;
}

/** Who must decide on a run that awaits approval, and how. */
export function approvalLines(
  run: RunDetail,
  settings: { direct: boolean; url: string },
  nowMs: number,
): string[] {
  const role = ROLE_LABELS[PERMISSIONS['runs.approve']];
  const until = run.approval ? ` It expires ${when(run.approval.expiresAt, nowMs)}.` : '';
  const page = settings.direct ? '' : `, or at ${settings.url}/runs/${run.id}`;
  return [
    `Run #${run.number} awaits approval by a second person: anyone with the role ${role} or above but ${clean(run.requestedByName)}, who asked for it.${until}`,
    `They approve it with "ops approvals approve ${run.number}"${page}.`,
  ];
}
