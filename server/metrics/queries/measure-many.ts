import { dateBreaches } from '#server/metrics/breaches';
import type { MeasureRequest, MeasureResult } from '#server/metrics/contract';
import { type Series, seriesIndexOf } from '#server/metrics/series-index';
import { addTotals, breaches, partsOf, reckon, type Totals } from '#server/metrics/state';
import { readWindows, type SeriesWindow } from '#server/metrics/windows';
import type { Ctx } from '#server/platform/context';

interface Place {
  request: number;
  role: string;
}

/**
 * Answers many questions with two statements, and one more when breaches are to be dated: for the rule engine and for
 * tiles, which check the permission of their own. @returns the results in the order of the requests
 */
export async function measureMany(ctx: Ctx, requests: readonly MeasureRequest[]): Promise<MeasureResult[]> {
  if (requests.length === 0) return [];
  const index = seriesIndexOf(ctx);
  await index.refresh(ctx);
  const now = ctx.clock.now();
  const windows: SeriesWindow[] = [];
  const places: Place[] = [];
  const seriesOf = requests.map((request, at) => {
    const toMs = (request.endsAt ?? now).getTime();
    const fromMs = toMs - request.windowSeconds * 1_000;
    return partsOf(request.measure).map(({ role, selectors }) => {
      const series = index.select(request, selectors);
      for (const { id, labels } of series) {
        windows.push({ seriesId: id, fromMs, toMs });
        places.push({ request: at, role: request.measure.kind === 'quantile' ? (labels.le ?? '') : role });
      }
      return series;
    });
  });
  const totals = await readWindows(ctx, windows);
  const found = requests.map(() => new Map<string, Totals[]>());
  for (const [at, { request, role }] of places.entries()) {
    const its = totals[at];
    if (!its) continue;
    const parts = found[request] as Map<string, Totals[]>;
    parts.set(role, [...(parts.get(role) ?? []), its]);
  }
  const results = requests.map((request, at) => answer(request, found[at] as Map<string, Totals[]>));
  await addBreaches(ctx, now, requests, seriesOf, results);
  return results;
}

function answer(request: MeasureRequest, found: ReadonlyMap<string, Totals[]>): MeasureResult {
  const parts = new Map<string, Totals>();
  for (const [role, list] of found) {
    const sum = addTotals(list);
    if (sum) parts.set(role, sum);
  }
  const newestMs = Math.max(...[...parts.values()].map((each) => each.newestMs));
  return {
    ...reckon(request.measure, parts),
    newestAt: parts.size > 0 ? new Date(newestMs) : null,
  };
}

/** Only values that breach are looked into further. */
async function addBreaches(
  ctx: Ctx,
  now: Date,
  requests: readonly MeasureRequest[],
  seriesOf: readonly (readonly Series[])[][],
  results: MeasureResult[],
): Promise<void> {
  const asked = requests.flatMap((request, at) => {
    const result = results[at];
    if (!request.breach || !result) return [];
    Object.assign(result, { breachedSince: null, windows: [] });
    const { comparison, threshold } = request.breach;
    if (result.value === null || !breaches(result.value, comparison, threshold)) return [];
    return [
      {
        request: { ...request, breach: request.breach },
        endsAt: request.endsAt ?? now,
        parts: seriesOf[at] ?? [],
        result,
      },
    ];
  });
  const dated = await dateBreaches(ctx, asked);
  for (const [at, { result }] of asked.entries()) Object.assign(result, dated[at]);
}
