/** Why a run's work must stop. The signal of a step carries one of these as its reason. */
export class RunAborted extends Error {
  override name = 'RunAborted';
  constructor(
    readonly cause_: 'fenced' | 'cancelled' | 'budget' | 'shutdown',
    message: string,
  ) {
    super(message);
  }
}

/** Another worker holds the run, or nobody does: this process may write nothing more of it. */
export class FencedError extends RunAborted {
  constructor() {
    super('fenced', 'This worker no longer holds the run');
  }
}
