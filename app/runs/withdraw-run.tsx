import { Form, useNavigation } from '@remix-run/react';
import { ChevronRight, Undo } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';

/** Takes back a request that nobody has decided about; unfolds in place, with or without JavaScript. */
export function WithdrawRun({ run, errors }: { run: { number: number }; errors: string[] | undefined }) {
  const isBusy = useNavigation().state === 'submitting';
  return (
    <details className="group -mx-4 -mb-4 border-t border-line" open={errors?.length ? true : undefined}>
      <summary className="hit flex min-h-11 items-center gap-1.5 px-4 font-medium hover:bg-hover">
        <ChevronRight
          aria-hidden="true"
          size={15}
          className="text-muted transition-transform group-open:rotate-90"
        />
        Withdraw it
      </summary>
      <Form method="post" className="grid gap-3 px-4 pt-1 pb-4">
        <input type="hidden" name="intent" value="cancel" />
        <TextField
          label="Why"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          errors={errors}
          hint="Nothing has been started, so nothing is undone."
        />
        <Button type="submit" className="sm:justify-self-start" aria-busy={isBusy}>
          <Undo aria-hidden="true" size={15} />
          Withdraw run #{run.number}
        </Button>
      </Form>
    </details>
  );
}
