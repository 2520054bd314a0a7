import { METRIC_KINDS, type MetricKind, type MetricSelector } from '#server/metrics/contract';
import { type Labels, LabelTree, labelMatcher, labelsKey } from '#server/metrics/labels';
import type { Ctx } from '#server/platform/context';
import type { Env } from '#server/platform/env';
import type { EnvironmentKey } from '#server/services/contract';

export interface Series {
  id: number;
  service: string;
  environment: string;
  name: string;
  kind: MetricKind;
  labels: Labels;
}

/** A series by what names it. */
export interface SeriesName {
  name: string;
  kind: MetricKind;
  labels: Labels;
}

/** Rows are visible when their transaction ends, later than their time of creation: this far back is read again. */
const OVERLAP_SECONDS = 60;

const indexes = new WeakMap<Env, SeriesIndex>();

/** The index of this process; each has its own settings object. */
export function seriesIndexOf(ctx: Ctx): SeriesIndex {
  const known = indexes.get(ctx.env);
  if (known) return known;
  const made = new SeriesIndex();
  indexes.set(ctx.env, made);
  return made;
}

/** Every series, in memory: rows are only ever added, so what was read once stays true. */
export class SeriesIndex {
  /** By service, environment and name. */
  readonly #byLabels = new Map<string, Map<string, Map<string, LabelTree<Series>>>>();
  readonly #byName = new Map<string, Series[]>();
  readonly #byPlace = new Map<string, Series[]>();
  readonly #selections = new Map<string, Series[]>();
  #newest: Date | null = null;

  /** Reads what was added since the last time. */
  async refresh(ctx: Ctx): Promise<void> {
    const rows = await ctx.db.$queryRaw<(Omit<Series, 'kind'> & { kind: string; createdAt: Date })[]>`
      SELECT id, service, environment, name, kind, labels, created_at AS "createdAt" FROM metric_series
      WHERE ${this.#newest}::timestamptz IS NULL
         OR created_at > ${this.#newest}::timestamptz - make_interval(secs => ${OVERLAP_SECONDS})
      ORDER BY created_at`;
    for (const { createdAt, kind, ...row } of rows) {
      this.#add({ ...row, kind: METRIC_KINDS.find((each) => each === kind) ?? 'gauge' });
      if (!this.#newest || createdAt > this.#newest) this.#newest = createdAt;
    }
  }

  #add(series: Series): void {
    if (this.find(series, series)) return;
    const environments = getOrMake(this.#byLabels, series.service, () => new Map());
    const names = getOrMake(environments, series.environment, () => new Map());
    getOrMake(names, series.name, () => new LabelTree<Series>()).set(series.labels, series);
    push(this.#byName, `${placeOf(series)}\0${series.name}`, series);
    push(this.#byPlace, placeOf(series), series);
    this.#selections.clear();
  }

  find({ service, environment }: EnvironmentKey, { name, labels }: SeriesName): Series | undefined {
    return this.#byLabels.get(service)?.get(environment)?.get(name)?.get(labels);
  }

  /** What kind a metric of an environment is; undefined while it has no series. */
  kindOf(place: EnvironmentKey, name: string): MetricKind | undefined {
    return this.#byName.get(`${placeOf(place)}\0${name}`)?.[0]?.kind;
  }

  /** Every series of an environment. */
  of(place: EnvironmentKey): readonly Series[] {
    return this.#byPlace.get(placeOf(place)) ?? [];
  }

  /** The series that selectors match, each once. */
  select(place: EnvironmentKey, selectors: readonly MetricSelector[]): readonly Series[] {
    const key = `${placeOf(place)}\0${JSON.stringify(selectors)}`;
    const known = this.#selections.get(key);
    if (known) return known;
    const found = new Set<Series>();
    for (const { metric, labels } of selectors) {
      const matches = labelMatcher(labels);
      for (const series of this.#byName.get(`${placeOf(place)}\0${metric}`) ?? []) {
        if (matches(series.labels)) found.add(series);
      }
    }
    const list = [...found];
    this.#selections.set(key, list);
    return list;
  }

  /**
   * Makes the series that are missing, in a transaction of its own: a series without samples harms nobody, but one that
   * is remembered and then rolled back would.
   * @returns for each name that cannot have one why, by {@link SeriesIndex.keyOf}
   */
  async ensure(ctx: Ctx, place: EnvironmentKey, names: readonly SeriesName[]): Promise<Map<string, string>> {
    const isMissing = (name: SeriesName) => !this.find(place, name);
    const refused = new Map<string, string>();
    if (!names.some(isMissing)) return refused;
    await ctx.transaction(async (tx) => {
      // Kinds and the limit are judged by what others have committed, and nobody else adds meanwhile.
      await tx.db
        .$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${`metric series of ${placeOf(place)}`}))`;
      await this.refresh(tx);
      const wanted = new Map<string, SeriesName>();
      const kinds = new Map<string, MetricKind>();
      let room = ctx.env.METRICS_MAX_SERIES - this.of(place).length;
      for (const name of names.filter(isMissing)) {
        const key = keyOf(place, name);
        if (wanted.has(key)) continue;
        const kind = this.kindOf(place, name.name) ?? kinds.get(name.name) ?? name.kind;
        if (kind !== name.kind) refused.set(key, kindConflict(name.name, kind));
        else if (room <= 0) {
          refused.set(
            key,
            `labels: ${placeOf(place)} has ${ctx.env.METRICS_MAX_SERIES} series, and no more are taken. Send fewer labels, or raise METRICS_MAX_SERIES.`,
          );
        } else {
          room -= 1;
          kinds.set(name.name, kind);
          wanted.set(key, name);
        }
      }
      if (wanted.size === 0) return;
      await tx.db.$executeRaw`
        INSERT INTO metric_series (service, environment, name, kind, labels)
        SELECT ${place.service}, ${place.environment}, name, kind, labels
        FROM jsonb_to_recordset(${JSON.stringify([...wanted.values()])}::jsonb) AS r(name text, kind text, labels jsonb)
        ON CONFLICT DO NOTHING`;
    });
    await this.refresh(ctx);
    return refused;
  }

  /** What tells a series from the others of its environment. */
  keyOf(place: EnvironmentKey, name: Pick<SeriesName, 'name' | 'labels'>): string {
    return keyOf(place, name);
  }
}

/** What a sender is told whose kind is another one than before. */
export function kindConflict(name: string, kind: MetricKind): string {
  return `kind: ${name} is a ${kind} here. Send it as one, or under another name.`;
}

function placeOf({ service, environment }: EnvironmentKey): string {
  return `${service}/${environment}`;
}

function keyOf(place: EnvironmentKey, { name, labels }: Pick<SeriesName, 'name' | 'labels'>): string {
  return `${place.service}/${place.environment}\0${name}\0${labelsKey(labels)}`;
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  getOrMake(map, key, () => []).push(value);
}
