import { Form } from '@remix-run/react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { Section } from '#app/components/ui/section';
import type { ActionFailure } from '#app/http/protected.server';

/** What Slack's messages call a person, and whether that rings anybody. */
export function SlackHandle({
  handle,
  slackId,
  failure,
}: {
  handle: string | null;
  /** Whom Slack rings for it; null: nobody. */
  slackId: string | null;
  failure: ActionFailure | undefined;
}) {
  const mine = failure?.intent === 'slack-handle' ? failure : undefined;
  const typed = mine?.values.slackHandle;
  const state =
    handle === null
      ? 'Without one, messages about what is to be done ring nobody.'
      : slackId === null
        ? `@${handle} rings nobody yet: an admin gives it a Slack id under Channels.`
        : `@${handle} rings ${slackId}.`;
  return (
    <Section title="Slack" note="Who owns an action item or may approve a post-mortem is mentioned so.">
      <Form method="post" className="grid max-w-sm gap-3">
        <input type="hidden" name="intent" value="slack-handle" />
        <TextField
          label="Slack handle"
          name="slackHandle"
          placeholder="@rosa"
          maxLength={61}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          defaultValue={typeof typed === 'string' ? typed : (handle ?? '')}
          errors={mine?.fields.slackHandle}
          hint={state}
        />
        <div>
          <Button type="submit">Save the handle</Button>
        </div>
      </Form>
    </Section>
  );
}
