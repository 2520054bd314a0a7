import { Form, useNavigation } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import type { ActionFailure } from '#app/http/protected.server';
import { can, whyNot } from '#server/auth/contract';
import type { RuleView } from '#server/monitoring/rules/contract';

export function SwitchOnButton() {
  const wiring = useSwitch();
  return (
    <Form method="post">
      <input type="hidden" name="intent" value="switch" />
      <input type="hidden" name="enabled" value="true" />
      <Button type="submit" {...wiring}>
        Switch on
      </Button>
    </Form>
  );
}

/** Says what ends with a rule before it is switched off; unfolds in place, with or without JavaScript. */
export function SwitchOff({ rule, failure }: { rule: RuleView; failure: ActionFailure | null }) {
  const wiring = useSwitch();
  const typed = failure?.values.reason;
  return (
    <details className="group rounded-l bg-surface shadow-raised" open={failure ? true : undefined}>
      <summary className="hit flex min-h-11 items-center gap-1.5 px-4 font-medium">
        <ChevronRight
          aria-hidden="true"
          size={15}
          className="text-muted transition-transform group-open:rotate-90"
        />
        Switch it off
      </summary>
      <Form method="post" className="grid gap-3 px-4 pt-1 pb-4">
        <input type="hidden" name="intent" value="switch" />
        <input type="hidden" name="enabled" value="false" />
        <p className="text-pretty text-muted">{consequences(rule)}</p>
        <TextField
          label="Why it is not needed"
          name="reason"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          defaultValue={typeof typed === 'string' ? typed : ''}
          errors={failure?.fields.reason}
          hint="Kept in the audit log, and with the alerts that end by it."
        />
        <Button type="submit" className="sm:justify-self-start" {...wiring}>
          Switch off
        </Button>
      </Form>
    </details>
  );
}

function useSwitch(): { 'aria-busy': boolean; blockedBy: string | null } {
  const subject = useSubject();
  const navigation = useNavigation();
  return {
    'aria-busy': navigation.state === 'submitting' && navigation.formData?.get('intent') === 'switch',
    blockedBy: can(subject, 'rules.manage') ? null : whyNot('rules.manage', subject),
  };
}

function consequences({ action, dryRun }: RuleView): string {
  const acts = {
    none: '',
    rollback: ' A release that breaks is no longer rolled back by it.',
    rollback_and_lockdown: ' Nothing is locked down or rolled back by it any more.',
  }[action];
  return `Nothing is looked at any more, and nobody is told.${dryRun ? '' : acts} Its open alerts are resolved at once.`;
}
