import { Form, Link, useNavigation } from '@remix-run/react';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { RequestKey } from '#app/components/ui/request-key';
import type { ActionFailure } from '#app/http/protected.server';
import { can, whyNot } from '#server/auth/contract';
import type { CheckKind } from '#server/monitoring/checks/words/contract';

export interface CheckFormValues {
  title: string;
  url: string;
  host: string;
  port: string;
  expectStatus: string;
  bodyIncludes: string;
  intervalSeconds: string;
  timeoutMs: string;
}

/** What is asked and how often. Fields that another kind needs are left out where the kind is known. */
export function CheckForm({
  kind,
  values,
  failure,
  intent,
  submit,
  back,
  children,
}: {
  /** Null while it can still be chosen. */
  kind: CheckKind | null;
  values: CheckFormValues;
  failure: ActionFailure | undefined;
  intent: string;
  submit: string;
  back: string;
  children?: ReactNode;
}) {
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const blockedBy = can(subject, 'checks.manage') ? null : whyNot('checks.manage');
  const field = (name: keyof CheckFormValues) => {
    const typed = failure?.values[name];
    return {
      name,
      defaultValue: typeof typed === 'string' ? typed : values[name],
      errors: failure?.fields[name],
      autoComplete: 'off',
    };
  };
  const isNew = kind === null;
  return (
    <Form method="post" className="grid max-w-2xl gap-4 rounded-l bg-surface p-4 shadow-raised sm:p-5">
      <RequestKey />
      {children}
      <TextField label="Name" required maxLength={100} placeholder="Payment page" {...field('title')} />
      {kind === 'tcp' ? null : (
        <TextField
          label="Address"
          type="url"
          maxLength={2_000}
          spellCheck={false}
          placeholder="https://shop.example/payment"
          hint={
            isNew
              ? 'For HTTP and the health contract. Redirects are not followed.'
              : 'Redirects are not followed.'
          }
          {...field('url')}
        />
      )}
      {isNew || kind === 'tcp' ? (
        <div className="grid items-start gap-4 sm:grid-cols-[minmax(0,1fr)_8rem]">
          <TextField
            label="Host"
            maxLength={253}
            spellCheck={false}
            hint={isNew ? 'For TCP.' : undefined}
            {...field('host')}
          />
          <TextField label="Port" inputMode="numeric" maxLength={5} {...field('port')} />
        </div>
      ) : null}
      {isNew || kind === 'http' ? (
        <div className="grid items-start gap-4 sm:grid-cols-[8rem_minmax(0,1fr)]">
          <TextField
            label="Status"
            inputMode="numeric"
            maxLength={3}
            hint={isNew ? 'Of HTTP.' : undefined}
            {...field('expectStatus')}
          />
          <TextField
            label="The answer must hold"
            optional
            maxLength={500}
            hint={isNew ? 'Of HTTP.' : undefined}
            {...field('bodyIncludes')}
          />
        </div>
      ) : null}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="Every, seconds"
          inputMode="numeric"
          required
          hint="1 or more."
          {...field('intervalSeconds')}
        />
        <TextField
          label="Waits for an answer, milliseconds"
          inputMode="numeric"
          required
          hint="10 to 60000."
          {...field('timeoutMs')}
        />
      </div>
      <div className="flex flex-wrap items-center gap-3 border-t border-line pt-4">
        <Button
          type="submit"
          name="intent"
          value={intent}
          look="primary"
          size="big"
          aria-busy={isBusy}
          blockedBy={blockedBy}
        >
          <Check aria-hidden="true" size={16} />
          {submit}
        </Button>
        <Link to={back} className="link text-muted">
          {isNew ? 'Add none' : 'Leave it as it is'}
        </Link>
      </div>
      {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
    </Form>
  );
}
