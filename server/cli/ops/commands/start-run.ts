import type { CommandInput, Ops } from '#server/cli/ops/command';
import { nameOf } from '#server/cli/ops/commands/place';
import { confirmationOf } from '#server/cli/ops/confirm';
import { EXIT, type ExitCode } from '#server/cli/ops/exit-codes';
import { OpsFailure } from '#server/cli/ops/failure';
import { followRun, reportEnd } from '#server/cli/ops/follow/follow';
import { approvalLines } from '#server/cli/ops/follow/report';
import type { FollowCalls } from '#server/cli/ops/follow/watch';
import { clean, clock, cut } from '#server/cli/ops/output/format';
import { markOf } from '#server/cli/ops/output/paint';
import { widthOf } from '#server/cli/ops/terminal';
import type { PlanPreview } from '#server/deployments/contract';
import type { Plan, StartedRun } from '#server/runs/contract';

export interface RunRequest<P extends PlanPreview> {
  /** What would be done now. */
  preview: () => Promise<P>;
  /** More than the plan itself that one must see before one says yes. */
  notes?: (preview: P) => string[];
  /** Why it cannot go, beside what the preview says; null when the preview's reason does not count. */
  blockedBy?: (preview: P) => string | null;
  /** Sends what was confirmed. */
  request: (preview: P) => Promise<StartedRun>;
}

/**
 * Shows the plan, asks, starts the run and follows it. When things have changed before the request arrived, the new plan
 * is shown and asked about again; with --yes that is a refusal, because nobody saw the new plan.
 * @throws OpsFailure when it is not confirmed or refused
 */
export async function planAndStart<P extends PlanPreview>(
  ops: Ops<FollowCalls>,
  input: CommandInput,
  request: RunRequest<P>,
): Promise<ExitCode> {
  for (;;) {
    const preview = await request.preview();
    showPlan(ops, preview, request.notes?.(preview) ?? []);
    const blockedBy = request.blockedBy ? request.blockedBy(preview) : preview.blockedBy;
    if (blockedBy) {
      throw new OpsFailure(EXIT.refused, `${sentence(blockedBy)} Nothing was started.`, { kind: 'blocked' });
    }
    const { plan } = preview;
    const target = nameOf(plan);
    const level = confirmationOf(plan.procedure);
    await ops.confirm({ level, text: `${clean(plan.title)} (${target})?`, name: target });
    try {
      return await followStarted(ops, input, await request.request(preview));
    } catch (error) {
      const isStale = error instanceof OpsFailure && error.kind === 'stale_plan';
      if (!isStale || level === 'safe' || input.options.yes === true) throw error;
      ops.screen.warn('Things have changed meanwhile, so this is the plan now:');
    }
  }
}

/** Says which run it is and shows it until it rests, or with --no-follow leaves it there. */
export async function followStarted(
  ops: Ops<FollowCalls>,
  input: CommandInput,
  started: StartedRun,
): Promise<ExitCode> {
  const { screen } = ops;
  const what = started.created ? 'Started' : 'This was under way already as';
  screen.notice(
    `${what} run #${started.number}${started.status === 'awaiting_approval' ? ', which awaits approval' : ''}.`,
  );
  try {
    return await showStarted(ops, input, started);
  } catch (error) {
    if (!(error instanceof OpsFailure) || error.exitCode !== EXIT.denied) throw error;
    // Who may start runs and not read them.
    throw new OpsFailure(
      EXIT.denied,
      `Run #${started.number} was started and goes on, but you may not look at it.`,
      { kind: error.kind, hint: error.hint, cause: error },
    );
  }
}

async function showStarted(
  ops: Ops<FollowCalls>,
  input: CommandInput,
  started: StartedRun,
): Promise<ExitCode> {
  const { screen } = ops;
  if (input.options.follow === false) {
    const run = await ops.call('getRun', { runId: started.runId });
    screen.show({ started, run }, () => [
      `Run #${run.number}: follow it with "ops runs tail ${run.number}".`,
    ]);
    if (run.status !== 'awaiting_approval') return EXIT.done;
    for (const line of approvalLines(run, ops.settings, screen.now)) screen.notice(line);
    return EXIT.approval;
  }
  const followed = await followRun(ops, started.runId);
  reportEnd(screen, followed);
  if (screen.json) screen.document({ started, run: followed.run, exitCode: followed.exitCode });
  return followed.exitCode;
}

function showPlan(ops: Ops<FollowCalls>, preview: PlanPreview, notes: readonly string[]): void {
  const { screen, terminal } = ops;
  const width = widthOf(terminal.stderr) ?? 1_000;
  for (const line of planLines(preview.plan, width)) screen.notice(line);
  for (const note of notes) screen.notice(`  ${note}`);
  if (preview.needsApproval) screen.notice('  A second person must approve it before it starts.');
  if (preview.blockedBy) screen.notice(`  ${markOf('critical')} ${sentence(preview.blockedBy)}`);
}

/** A plan for people, before they say yes. Pure. */
export function planLines(plan: Plan, width: number): string[] {
  const titles = Math.max(0, ...plan.steps.map((step) => step.title.length));
  return [
    `${clean(plan.title)} (${nameOf(plan)})`,
    ...changeOf(plan),
    `  Budget ${clock(plan.budgetMs)}, ${plan.steps.length} steps:`,
    ...plan.steps.map((step, index) =>
      cut(
        `  ${String(index + 1).padStart(3)}. ${clean(step.title).padEnd(titles)}  ${clean(step.detail)}`.trimEnd(),
        width,
      ),
    ),
    ...plan.skips.map((skip) => `  Left out: ${clean(skip)}`),
  ];
}

function changeOf(plan: Plan): string[] {
  const isFirst = plan.from === null && plan.procedure === 'deployments.deploy';
  if (!plan.to || (!plan.from && !isFirst)) return [];
  return [`  ${clean(plan.from?.tag ?? 'nothing')} → ${clean(plan.to.tag)}`];
}

function sentence(text: string): string {
  const told = clean(text).trim();
  return /[.!?]$/.test(told) ? told : `${told}.`;
}
