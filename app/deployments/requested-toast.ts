import type { NewToast } from '#app/http/toast.server';
import type { StartedRun } from '#server/runs/contract';

/** What the page of a run says first to whoever asked for it. `does` goes on from its number: `deploys v1.3.0`. */
export function requestedToast(run: StartedRun, does: string): NewToast {
  const name = `Run #${run.number}`;
  if (run.status === 'awaiting_approval') {
    return {
      kind: 'info',
      message: run.created
        ? `${name} awaits a second person; then it ${does}.`
        : `${name} awaits a second person already.`,
    };
  }
  return {
    kind: 'success',
    message: run.created ? `${name} ${does}.` : `${name} was already under way for this.`,
  };
}
