import { Snowflake } from 'lucide-react';
import { TextAreaField } from '#app/components/ui/field';
import type { ActionFailure } from '#app/http/protected.server';
import { FREEZE_OVERRIDE_MIN } from '#server/deployments/freezes/contract';

/** Why a deploy cannot wait for the end of a freeze, for who may override one. */
export function OverrideFreeze({ failure }: { failure: ActionFailure | undefined }) {
  const typed = failure?.values.freezeOverrideReason;
  return (
    <div className="grid gap-3 rounded-m bg-warning-soft p-3">
      <p className="flex gap-2">
        <Snowflake aria-hidden="true" size={16} className="mt-0.5 shrink-0 text-warning" />
        <span>You may deploy in spite of the freeze. Everybody can read why in the audit log.</span>
      </p>
      <TextAreaField
        label="Why it cannot wait"
        name="freezeOverrideReason"
        required
        minLength={FREEZE_OVERRIDE_MIN}
        maxLength={500}
        defaultValue={typeof typed === 'string' ? typed : ''}
        errors={failure?.fields.freezeOverrideReason}
        hint={`At least ${FREEZE_OVERRIDE_MIN} characters. It is an entry of its own in the audit log.`}
      />
    </div>
  );
}
