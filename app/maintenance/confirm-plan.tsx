import { type ReactNode, useRef } from 'react';
import type { ButtonProps } from '#app/components/ui/button';
import { Section } from '#app/components/ui/section';
import { ConfirmForm } from '#app/deployments/confirm-form';
import { PlanNotices } from '#app/deployments/plan-notices';
import { useConfirmKeys, useShownPlan } from '#app/deployments/use-confirm';
import type { ActionFailure } from '#app/http/protected.server';
import { formatDuration, plural } from '#app/lib/format';
import type { Place } from '#app/lib/paths';
import { PlanSteps } from '#app/runs/plan-view';
import type { PlanPreview } from '#server/deployments/contract';

/** A plan beside the form that confirms it: the last step before something is switched. */
export function ConfirmPlan({
  place,
  latest,
  failure,
  idempotencyKey,
  intent,
  verb,
  look,
  blockedBy,
  reasonHint,
  leaveTo,
  children,
}: {
  place: Place;
  latest: PlanPreview;
  failure: ActionFailure | undefined;
  idempotencyKey: string;
  intent: string;
  verb: ReactNode;
  look?: ButtonProps['look'];
  /** Why this person cannot do it. */
  blockedBy: string | null;
  reasonHint?: string;
  leaveTo: string;
  children?: ReactNode;
}) {
  const form = useRef<HTMLFormElement>(null);
  useConfirmKeys(form, leaveTo);
  const { shown, isOutdated, adopt } = useShownPlan(latest, failure);
  const { plan } = shown;
  return (
    <>
      <PlanNotices
        place={place}
        failure={failure}
        isOutdated={isOutdated}
        onAdopt={adopt}
        activeRun={latest.activeRun}
        blockedBy={latest.blockedBy}
      />
      <div className="grid items-start gap-4 md:grid-cols-2">
        <section aria-label="Confirm" className="rounded-l bg-surface p-4 shadow-raised">
          <ConfirmForm
            form={form}
            intent={intent}
            planHash={shown.planHash}
            idempotencyKey={idempotencyKey}
            verb={verb}
            look={look}
            blockedBy={
              blockedBy ??
              latest.blockedBy ??
              (isOutdated ? 'The plan has changed: look at the new one first.' : null)
            }
            failure={failure}
            leaveTo={leaveTo}
            {...(reasonHint ? { reasonHint } : {})}
          >
            {children}
          </ConfirmForm>
        </section>
        <Section
          title="What will happen"
          note={`${plural(plan.steps.length, 'step')}, within ${formatDuration(plan.budgetMs)}`}
        >
          <PlanSteps plan={plan} />
          {plan.skips.map((skip) => (
            <p key={skip} className="mt-2 text-muted">
              Left out: {skip}
            </p>
          ))}
        </Section>
      </div>
    </>
  );
}

/** What was typed before a refusal. */
export function typedIn(failure: ActionFailure | undefined, name: string): string {
  const value = failure?.values[name];
  return typeof value === 'string' ? value : '';
}
