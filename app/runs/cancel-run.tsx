import { Form, useNavigation } from '@remix-run/react';
import { Ban } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { useHydrated } from '#app/lib/clock';
import { cn } from '#app/lib/cn';
import type { RunDetail } from '#server/runs/contract';

const Dialog = lazy(() => import('#app/components/ui/dialog').then((module) => ({ default: module.Dialog })));

/** Stops a run, with a reason: in a dialog, or unfolded in place without JavaScript. */
export function CancelRun({
  run,
  errors,
  blockedBy,
}: {
  run: RunDetail;
  errors?: string[];
  blockedBy: string | null;
}) {
  const isHydrated = useHydrated();
  const [isOpen, setOpen] = useState(Boolean(errors?.length));
  const navigation = useNavigation();
  if (blockedBy) return <Button blockedBy={blockedBy}>Cancel the run</Button>;
  const consequence =
    'The step that is going on is stopped, unless it must not be cut in half; what it had started is cleaned up. Visitors keep the release that they are on.';
  const form = (
    <Form method="post" className="grid gap-3" onSubmit={() => setOpen(false)}>
      <input type="hidden" name="intent" value="cancel" />
      <TextField
        label="Why"
        name="reason"
        required
        minLength={3}
        maxLength={500}
        autoComplete="off"
        errors={errors}
        hint="Kept with the run and in the audit log."
      />
      <Button type="submit" look="danger" size="big" aria-busy={navigation.state === 'submitting'}>
        Cancel run #{run.number}
      </Button>
    </Form>
  );
  if (!isHydrated) {
    return (
      <details className="group relative">
        <summary className="hit flex items-center gap-1.5 rounded-m border border-edge/70 bg-surface px-3 font-medium">
          <Ban aria-hidden="true" size={15} />
          Cancel the run
        </summary>
        <div
          className={cn(
            'z-20 mt-2 grid w-80 max-w-[calc(100vw-2rem)] gap-3 rounded-l bg-surface p-4 shadow-float sm:absolute sm:right-0',
          )}
        >
          <p className="text-muted">{consequence}</p>
          {form}
        </div>
      </details>
    );
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Ban aria-hidden="true" size={15} />
        Cancel the run
      </Button>
      {isOpen ? (
        <Suspense fallback={null}>
          <Dialog
            open
            onOpenChange={setOpen}
            title={`Cancel run #${run.number}: ${run.title}?`}
            description={consequence}
          >
            {form}
          </Dialog>
        </Suspense>
      ) : null}
    </>
  );
}
