import { Form, useNavigation } from '@remix-run/react';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { Section } from '#app/components/ui/section';
import type { ActionFailure } from '#app/http/protected.server';
import { can, type Permission, whyNot } from '#server/auth/contract';
import type { PostmortemDetail } from '#server/postmortems/contract';
import { type PostmortemState, RETURN_NEEDS } from '#server/postmortems/words/contract';

interface Step {
  title: string;
  text: string;
  does: { intent: string; label: string; permission: Permission } | null;
}

const STEPS: Record<PostmortemState, Step> = {
  draft: {
    title: 'It is a draft',
    text: 'Write it, with others. A review needs summary, impact, root cause and resolution.',
    does: { intent: 'submit', label: 'Submit for review', permission: 'postmortems.manage' },
  },
  in_review: {
    title: 'It waits for a review',
    text: 'Nobody approves what they alone have written.',
    does: { intent: 'approve', label: 'Approve', permission: 'postmortems.approve' },
  },
  approved: {
    title: 'It is approved',
    text: 'Publishing it tells the team.',
    does: { intent: 'publish', label: 'Publish', permission: 'postmortems.approve' },
  },
  published: { title: 'It is published', text: 'The team has been told.', does: null },
};

/** Where a post-mortem stands, the one step that follows, and the way back. */
export function NextStep({
  postmortem: { state, version, publishedRevision },
  failure,
}: {
  postmortem: Pick<PostmortemDetail, 'state' | 'version' | 'publishedRevision'>;
  failure: ActionFailure | undefined;
}) {
  const subject = useSubject();
  const navigation = useNavigation();
  const busyWith = navigation.state === 'submitting' ? navigation.formData?.get('intent') : null;
  const { title, text, does } = STEPS[state];
  const refused = failure?.intent === 'return' ? failure : undefined;
  const typed = refused?.values.reason;
  const mayNot = (permission: Permission) => (can(subject, permission) ? null : whyNot(permission, subject));
  return (
    <Section title={title} anchor="next" className="no-print scroll-mt-16">
      <div className="grid gap-3">
        <p className="text-muted">{text}</p>
        {does ? (
          <Form method="post">
            <input type="hidden" name="intent" value={does.intent} />
            <input type="hidden" name="version" value={version} />
            <Button
              type="submit"
              look="primary"
              aria-busy={busyWith === does.intent}
              blockedBy={mayNot(does.permission)}
            >
              {does.label}
            </Button>
          </Form>
        ) : null}
        {state === 'draft' ? null : (
          <details open={refused ? true : undefined}>
            <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
              Take it back to a draft
            </summary>
            <Form method="post" className="mt-2 grid gap-3">
              <input type="hidden" name="intent" value="return" />
              <input type="hidden" name="version" value={version} />
              <TextField
                label="Why"
                name="reason"
                required
                minLength={3}
                maxLength={500}
                autoComplete="off"
                defaultValue={typeof typed === 'string' ? typed : ''}
                errors={refused?.fields.reason}
                hint={`Kept with its decisions. It is to be approved anew.${publishedRevision === null ? '' : ` Revision ${publishedRevision} stays published until then.`}`}
              />
              <Button
                type="submit"
                className="justify-self-start"
                aria-busy={busyWith === 'return'}
                blockedBy={mayNot(RETURN_NEEDS[state])}
              >
                Take it back
              </Button>
            </Form>
          </details>
        )}
      </div>
    </Section>
  );
}
