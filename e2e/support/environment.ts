import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Role } from '#server/auth/contract';
import { query } from './database';
import { hiddenField, type Person, personOf } from './person';

export interface RunRow {
  id: string;
  number: number;
  title: string;
  procedure: string;
  status: string;
  error: string | null;
  causedByRunId: string | null;
}

const RUN = `id, number, title, procedure, status::text AS status, error, caused_by_run_id AS "causedByRunId"`;
const ENDED = ['succeeded', 'failed', 'cancelled', 'timed_out'];
const POLL_MS = 100;
const ANY_GOOD = 'v1.2.0';

/** One environment of the console under test: looked at in its database, changed through its forms. */
export class Environment {
  constructor(
    readonly service: string,
    readonly environment: string,
    readonly origin: string,
    /** Where its visitors go. */
    readonly shopUrl: string,
  ) {}

  get path(): string {
    return `/${this.service}/${this.environment}`;
  }

  as(role: Role): Person {
    return personOf(role, this.origin);
  }

  async live(): Promise<{ tag: string; status: string } | null> {
    const rows = await query<{ tag: string; status: string }>(
      `SELECT r.tag, d.status::text AS status FROM deployment d JOIN release r ON r.id = d.release_id
       WHERE d.service = $1 AND d.environment = $2 AND d.status IN ('switched', 'live', 'invalid')`,
      [this.service, this.environment],
    );
    return rows[0] ?? null;
  }

  async lock(): Promise<{ id: string; reason: string } | null> {
    const rows = await query<{ id: string; reason: string }>(
      'SELECT id, reason FROM environment_lock WHERE service = $1 AND environment = $2 AND lifted_at IS NULL',
      [this.service, this.environment],
    );
    return rows[0] ?? null;
  }

  async verdict(tag: string): Promise<string> {
    const rows = await query<{ verdict: string }>(
      `SELECT m.verdict FROM release_mark m JOIN release r ON r.id = m.release_id
       WHERE r.service = $1 AND r.tag = $2 ORDER BY m.id DESC LIMIT 1`,
      [this.service, tag],
    );
    return rows[0]?.verdict ?? 'none';
  }

  /** Newest first. */
  runs(): Promise<RunRow[]> {
    return query<RunRow>(
      `SELECT ${RUN} FROM run WHERE service = $1 AND environment = $2 ORDER BY number DESC`,
      [this.service, this.environment],
    );
  }

  async run(id: string): Promise<RunRow> {
    const [row] = await query<RunRow>(`SELECT ${RUN} FROM run WHERE id = $1`, [id]);
    if (!row) throw new Error(`There is no run ${id}`);
    return row;
  }

  /** The release that visitors are answered by. */
  async served(): Promise<string | null> {
    const response = await fetch(`${this.shopUrl}/api/health`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.headers.get('x-release');
  }

  /** Waits until a run and what it led to have ended. @throws Error after `timeoutMs` */
  async ended(id: string, timeoutMs = 60_000): Promise<RunRow> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const row = await this.run(id);
      if (ENDED.includes(row.status)) return row;
      if (performance.now() > deadline)
        throw new Error(`Run #${row.number} is ${row.status} after ${timeoutMs} ms`);
      await delay(POLL_MS);
    }
  }

  /** Deploys by the form, as a responder does, and a commander agrees where that is asked. @returns the run once it has ended */
  async deploy(tag: string): Promise<RunRow> {
    const id = await this.startDeploy(tag);
    if ((await this.run(id)).status === 'awaiting_approval') await this.approve(id);
    return this.ended(id);
  }

  /** Agrees to a run that awaits its second person, by the form of its page. */
  async approve(id: string, role: Role = 'commander'): Promise<void> {
    const { text } = await this.as(role).get(`/runs/${id}`);
    await this.#form(role, `/runs/${id}`, { intent: 'approve', planHash: hiddenField(text, 'planHash') });
  }

  /** Starts a deploy by the form. @returns the run's id */
  startDeploy(tag: string): Promise<string> {
    return this.#start(`${this.path}/deployments/new?tag=${tag}`, { intent: 'deploy', tag });
  }

  /**
   * Brings the environment into a known state: nothing runs, no lock, no freeze anywhere, no release marked, `live` (any
   * good release when absent) is live and validated, and with `before` a rollback would go to that release. Does only
   * what is missing.
   */
  async prepare(wanted: { live?: string; before?: string }): Promise<void> {
    this.release();
    await this.#quiet();
    const lock = await this.lock();
    if (lock) {
      await this.#form('commander', `${this.path}/lock`, {
        intent: 'lift',
        lockId: lock.id,
        reason: 'The next test begins',
      });
    }
    for (const freezeId of await openFreezes()) {
      await this.#form('commander', '/freezes', { intent: 'end', freezeId, reason: 'The next test begins' });
    }
    for (const tag of await this.#markedTags()) {
      await this.#form('responder', `${this.path}/releases/mark?tag=${tag}`, {
        intent: 'mark',
        tag,
        verdict: 'none',
        reason: 'The next test begins',
      });
    }
    const isLive = async () => {
      const live = await this.live();
      if (live?.status !== 'live' || (wanted.live && live.tag !== wanted.live)) return false;
      if (!wanted.before) return true;
      const { text } = await this.as('responder').get(`${this.path}/rollback`);
      return (
        text.includes(`Roll back to ${wanted.before}`) ||
        text.includes(`Roll back to <!-- -->${wanted.before}`)
      );
    };
    if (await isLive()) return;
    for (const tag of [wanted.before, wanted.live ?? ANY_GOOD]) {
      if (!tag || (tag === wanted.before && (await this.live())?.tag === tag)) continue;
      const run = await this.deploy(tag);
      if (run.status !== 'succeeded')
        throw new Error(`Run #${run.number} to prepare ${tag} is ${run.status}: ${run.error}`);
    }
    if (!(await isLive())) throw new Error(`${this.path} could not be brought to ${JSON.stringify(wanted)}`);
  }

  /** From now on the held check of this environment waits, and fails in the end where asked to. */
  hold(options: { fail: boolean } = { fail: false }): void {
    mkdirSync(heldFolder(), { recursive: true });
    writeFileSync(path.join(heldFolder(), 'hold'), '');
    if (options.fail) writeFileSync(path.join(heldFolder(), 'fail'), '');
  }

  /** Lets a held check go. */
  letGo(): void {
    rmSync(path.join(heldFolder(), 'hold'), { force: true });
  }

  /** Lets a held check go, and pass. */
  release(): void {
    if (!existsSync(heldFolder())) return;
    rmSync(path.join(heldFolder(), 'fail'), { force: true });
    this.letGo();
  }

  async #quiet(): Promise<void> {
    for (const run of await this.runs()) {
      if (ENDED.includes(run.status)) continue;
      await this.as('responder').post(`/runs/${run.id}`, {
        intent: 'cancel',
        reason: 'The next test begins',
      });
      await this.ended(run.id);
    }
  }

  async #markedTags(): Promise<string[]> {
    const rows = await query<{ tag: string }>(
      `SELECT r.tag FROM release r JOIN LATERAL (
         SELECT verdict FROM release_mark m WHERE m.release_id = r.id ORDER BY m.id DESC LIMIT 1) newest ON true
       WHERE r.service = $1 AND newest.verdict <> 'none'`,
      [this.service],
    );
    return rows.map(({ tag }) => tag);
  }

  async #start(page: string, form: Record<string, string>): Promise<string> {
    const person = this.as('responder');
    const { text } = await person.get(page);
    const answer = await person.post(page, { ...form, planHash: hiddenField(text, 'planHash') });
    const id = /^\/runs\/([0-9a-f-]{36})$/.exec(answer.location ?? '')?.[1];
    if (!id) throw new Error(`${page} was answered ${answer.status} and started no run`);
    return id;
  }

  async #form(role: Role, page: string, form: Record<string, string>): Promise<void> {
    const answer = await this.as(role).post(page, form);
    if (answer.status !== 303)
      throw new Error(`${page} was answered ${answer.status}: ${answer.text.slice(0, 500)}`);
  }
}

async function openFreezes(): Promise<string[]> {
  const rows = await query<{ id: string }>(
    'SELECT id FROM freeze_window WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > clock_timestamp())',
  );
  return rows.map(({ id }) => id);
}

function heldFolder(): string {
  return path.join(process.env.E2E_DATA_DIR ?? '', 'held');
}

/** The environments that `e2e/ops.config.ts` configures. */
export function environments(origin: string): {
  shop: Environment;
  drill: Environment;
  guarded: Environment;
  practice: Environment;
} {
  const port = Number(new URL(origin).port);
  return {
    shop: new Environment('shop', 'production', origin, `http://127.0.0.1:${port + 2}`),
    drill: new Environment('drill', 'staging', origin, `http://127.0.0.1:${port + 3}`),
    guarded: new Environment('guarded', 'preview', origin, `http://127.0.0.1:${port + 4}`),
    practice: new Environment('drill', 'practice', origin, `http://127.0.0.1:${port + 5}`),
  };
}
