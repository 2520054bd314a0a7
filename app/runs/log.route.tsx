import type { ShouldRevalidateFunction } from '@remix-run/react';
import { useLoaderData, useOutletContext } from '@remix-run/react';
import { protectedLoader } from '#app/http/protected.server';
import { LogPanel } from '#app/runs/log-panel';
import type { RunDetail, RunLogLine } from '#server/runs/contract';
import { getRunSnapshot, readRunLog } from '#server/runs/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

/** Lines of the first view: the newest, because they say how it stands. */
const FIRST_LINES = 1_000;

export const loader = protectedLoader({ access: 'runs.read' }, async ({ ctx, params, url }) => {
  const runId = params.runId;
  const { lastLogSeq } = await getRunSnapshot(ctx, { runId });
  const asked = Number(url.searchParams.get('after') ?? Number.NaN);
  const afterSeq = Number.isInteger(asked) && asked >= 0 ? asked : Math.max(0, lastLogSeq - FIRST_LINES);
  return { runId, afterSeq, lines: await readRunLog(ctx, { runId, afterSeq, limit: FIRST_LINES }) };
});

/** New lines come by the event stream; reading them again with every change of the run would only repeat them. */
export const shouldRevalidate: ShouldRevalidateFunction = ({
  currentParams,
  nextParams,
  currentUrl,
  nextUrl,
}) =>
  currentParams.runId !== nextParams.runId ||
  currentUrl.searchParams.get('after') !== nextUrl.searchParams.get('after');

export default function RunLog() {
  const { runId, lines } = useLoaderData<typeof loader>();
  const run = useOutletContext<RunDetail>();
  return <LogPanel key={runId} run={run} initial={lines as RunLogLine[]} />;
}
