import { Form, Link, useNavigation } from '@remix-run/react';
import type { ReactNode, RefObject } from 'react';
import { Button, type ButtonProps } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { Kbd } from '#app/components/ui/kbd';
import type { ActionFailure } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';

/** The last step before something happens: what binds it to the plan that is shown, a reason, one button. */
export function ConfirmForm({
  form,
  intent,
  planHash,
  tag,
  idempotencyKey,
  verb,
  look = 'primary',
  blockedBy,
  failure,
  reasonHint,
  leaveTo,
  children,
}: {
  form: RefObject<HTMLFormElement>;
  intent: string;
  planHash: string;
  tag?: string | undefined;
  idempotencyKey: string;
  /** Verb and target: `Deploy v1.2.0 to production`. */
  verb: ReactNode;
  look?: ButtonProps['look'];
  blockedBy: string | null;
  failure: ActionFailure | undefined;
  /** Absent: no reason is asked for. */
  reasonHint?: string;
  leaveTo: string;
  children?: ReactNode;
}) {
  const navigation = useNavigation();
  const isSending = navigation.state !== 'idle' && navigation.formData?.get('planHash') === planHash;
  const typed = (name: string) => {
    const value = failure?.values[name];
    return typeof value === 'string' ? value : '';
  };
  return (
    <Form ref={form} method="post" className="grid gap-3">
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="planHash" value={planHash} />
      <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
      {tag ? <input type="hidden" name="tag" value={tag} /> : null}
      {children}
      {reasonHint ? (
        <TextField
          label="Reason"
          name="reason"
          optional
          maxLength={500}
          autoComplete="off"
          defaultValue={typed('reason')}
          errors={failure?.fields.reason}
          hint={reasonHint}
        />
      ) : null}
      <div
        className={cn(
          'grid gap-2',
          // Under the thumb, however far its person has scrolled; where something must be typed first, it lies over no field.
          !blockedBy &&
            !children &&
            'max-md:sticky max-md:bottom-14 max-md:-mx-4 max-md:bg-surface max-md:px-4 max-md:py-2',
        )}
      >
        <Button
          type="submit"
          look={look}
          size="big"
          className="w-full whitespace-normal"
          blockedBy={blockedBy ?? (isSending ? 'It is being sent.' : null)}
        >
          {isSending ? 'Sending…' : verb}
        </Button>
        {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
      </div>
      <p className="flex flex-wrap items-center gap-x-1.5 text-s text-muted">
        {blockedBy ? null : (
          <>
            <Kbd>Enter</Kbd> <span className="hidden md:inline touch:hidden">confirms,</span>
          </>
        )}
        <Kbd>Esc</Kbd> <span className="hidden md:inline touch:hidden">leaves.</span>
        <Link to={leaveTo} className="link">
          Leave without doing it
        </Link>
      </p>
    </Form>
  );
}
