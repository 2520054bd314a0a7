import { Form, useNavigation } from '@remix-run/react';
import { Check, X } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { paths } from '#app/lib/paths';

interface DecisionProps {
  run: { id: string; number: number };
  blockedBy: string | null;
}

/** Agrees to the plan whose hash is given; sent to the run's page, which tells what became of it. */
export function ApproveForm({
  run,
  planHash,
  blockedBy,
  verb,
  typed,
  errors,
  isCompact,
}: DecisionProps & {
  planHash: string;
  verb: string;
  typed?: string;
  errors?: string[] | undefined;
  /** In a list: no field for a reason. */
  isCompact?: boolean;
}) {
  const isSending = useIsDeciding(run.id, 'approve');
  return (
    <Form method="post" action={paths.run(run.id)} className={isCompact ? undefined : 'grid gap-3'}>
      <input type="hidden" name="intent" value="approve" />
      <input type="hidden" name="planHash" value={planHash} />
      {isCompact || blockedBy ? null : (
        <TextField
          label="Reason"
          name="reason"
          optional
          maxLength={500}
          autoComplete="off"
          defaultValue={typed}
          errors={errors}
          hint="Kept with the run and in the audit log."
        />
      )}
      <Button
        type="submit"
        look="primary"
        size={isCompact ? 'm' : 'big'}
        className={isCompact ? 'max-sm:w-full' : 'w-full whitespace-normal'}
        blockedBy={blockedBy ?? (isSending ? 'It is being sent.' : null)}
        aria-label={isCompact ? `Approve run #${run.number}` : undefined}
      >
        <Check aria-hidden="true" size={15} />
        {isSending ? 'Sending…' : verb}
      </Button>
    </Form>
  );
}

/** Does not agree, with the reason that its requester is told. */
export function RefuseForm({
  run,
  blockedBy,
  typed,
  errors,
}: DecisionProps & { typed?: string; errors?: string[] | undefined }) {
  const isSending = useIsDeciding(run.id, 'refuse');
  return (
    <Form method="post" action={paths.run(run.id)} className="grid gap-3">
      <input type="hidden" name="intent" value="refuse" />
      <TextField
        label="Why not"
        name="reason"
        required
        minLength={3}
        maxLength={500}
        autoComplete="off"
        defaultValue={typed}
        errors={errors}
        hint="Whoever asked for it reads this."
      />
      <Button
        type="submit"
        look="danger"
        className="sm:justify-self-start"
        blockedBy={blockedBy ?? (isSending ? 'It is being sent.' : null)}
      >
        <X aria-hidden="true" size={15} />
        {isSending ? 'Sending…' : `Refuse run #${run.number}`}
      </Button>
    </Form>
  );
}

function useIsDeciding(runId: string, intent: string): boolean {
  const { state, formData, formAction } = useNavigation();
  return (
    state !== 'idle' &&
    formData?.get('intent') === intent &&
    Boolean(formAction?.startsWith(paths.run(runId)))
  );
}
