import { type App, systemActor } from '#server/platform/context';
import { isTransientDatabaseError } from '#server/platform/database-errors';
import { messageOf } from '#server/platform/errors';
import { type Execution, executeRun, type RunHooks } from '#server/runs/engine';
import { claimRun } from '#server/runs/ledger';

export interface RunLoop {
  /** Claims and executes what there is; called on a hint and by the poll. */
  wake(): void;
  /** Hands over what runs and claims nothing more. */
  stop(): Promise<void>;
}

/** Claims runs while there is room, and executes each to its end. */
export function startRunLoop(app: App, workerId: string, hooks?: RunHooks): RunLoop {
  const executions = new Set<Execution>();
  let claiming = false;
  let again = false;
  let stopped = false;
  const timer = setInterval(() => wake(), app.env.RUN_POLL_MS);

  function wake(): void {
    for (const execution of executions) execution.check();
    void claimAll();
  }

  async function claimAll(): Promise<void> {
    if (claiming) {
      again = true;
      return;
    }
    claiming = true;
    try {
      do {
        again = false;
        while (!stopped && executions.size < app.env.WORKER_CONCURRENCY && (await claimOne())) again = false;
      } while (again && !stopped);
    } catch (error) {
      if (isTransientDatabaseError(error))
        app.log.warn({ reason: messageOf(error) }, 'database away, runs wait');
      else app.log.error({ err: error }, 'no run could be claimed');
    } finally {
      claiming = false;
    }
  }

  async function claimOne(): Promise<boolean> {
    const claim = await claimRun(app.for(systemActor('worker')), workerId, app.env.RUN_LEASE_MS);
    if (!claim) return false;
    // The console acts, in the name of the person who asked.
    const actor = { ...systemActor(claim.requestedByName), id: claim.requestedById };
    const ctx = app.for(actor, { runId: claim.runId });
    ctx.log.info(
      { procedure: claim.procedure, fence: claim.fence, takeover: claim.isTakeover },
      'run claimed',
    );
    const execution = executeRun(ctx, claim, hooks);
    executions.add(execution);
    void execution.done.finally(() => {
      executions.delete(execution);
      wake();
    });
    return true;
  }

  wake();
  return {
    wake,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      for (const execution of executions) execution.shutdown();
      await Promise.all([...executions].map((execution) => execution.done));
    },
  };
}
