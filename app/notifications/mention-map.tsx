import { Form, useNavigation } from '@remix-run/react';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import type { ActionFailure } from '#app/http/protected.server';
import { can } from '#server/auth/contract';
import type { MentionView } from '#server/notifications/contract';

/** Which handle rings whom in Slack. */
export function MentionMap({
  mentions,
  failure,
}: {
  mentions: MentionView[];
  failure: ActionFailure | undefined;
}) {
  const mayManage = can(useSubject(), 'channels.manage');
  const navigation = useNavigation();
  const busyWith = navigation.state === 'submitting' ? navigation.formData?.get('handle') : null;
  return (
    <Section
      title="Whom handles ring"
      anchor="mentions"
      note="A handle as plain text rings nobody: Slack wants the id of a member or of a user group."
      flush
    >
      <ul>
        {mentions.map((mention) => {
          const refused = failure?.values.handle === mention.handle ? failure : undefined;
          return (
            <li
              key={mention.handle}
              className="flex flex-wrap items-end gap-x-4 gap-y-2 border-b border-line px-4 py-3"
            >
              <span className="min-w-44 flex-1 self-center">
                <span className="font-medium">@{mention.handle}</span>
                <span className="block text-s text-muted">
                  <StatusMark
                    look={
                      mention.slackId
                        ? { tone: 'ok', icon: CircleCheck, label: whatItIs(mention.slackId) }
                        : { tone: 'warning', icon: TriangleAlert, label: 'Rings nobody' }
                    }
                  />
                </span>
              </span>
              {mayManage ? (
                <>
                  <Form method="post" className="flex flex-wrap items-end gap-2">
                    <input type="hidden" name="intent" value="set-mention" />
                    <input type="hidden" name="handle" value={mention.handle} />
                    <TextField
                      label={`Slack id of @${mention.handle}`}
                      name="slackId"
                      defaultValue={
                        typeof refused?.values.slackId === 'string'
                          ? refused.values.slackId
                          : (mention.slackId ?? '')
                      }
                      errors={refused?.fields.slackId}
                      maxLength={30}
                      placeholder="U… or S…"
                      autoComplete="off"
                      spellCheck={false}
                    />
                    <Button type="submit" aria-busy={busyWith === mention.handle}>
                      Save<span className="sr-only"> @{mention.handle}</span>
                    </Button>
                  </Form>
                  <Form method="post">
                    <input type="hidden" name="intent" value="remove-mention" />
                    <input type="hidden" name="handle" value={mention.handle} />
                    <Button type="submit" look="quiet">
                      Remove<span className="sr-only"> @{mention.handle}</span>
                    </Button>
                  </Form>
                </>
              ) : (
                <code className="self-center text-muted">{mention.slackId ?? '–'}</code>
              )}
            </li>
          );
        })}
      </ul>
      {mayManage ? <NewMention mentions={mentions} failure={failure} /> : null}
    </Section>
  );
}

function NewMention({ mentions, failure }: { mentions: MentionView[]; failure: ActionFailure | undefined }) {
  const refused =
    failure?.intent === 'set-mention' && !mentions.some(({ handle }) => handle === failure.values.handle)
      ? failure
      : undefined;
  const typed = (name: string): string => {
    const value = refused?.values[name];
    return typeof value === 'string' ? value : '';
  };
  return (
    <Form method="post" className="flex flex-wrap items-end gap-2 px-4 py-3" key={mentions.length}>
      <input type="hidden" name="intent" value="set-mention" />
      <TextField
        label="New handle"
        name="handle"
        required
        maxLength={61}
        placeholder="@on-call"
        defaultValue={typed('handle')}
        errors={refused?.fields.handle}
        autoComplete="off"
      />
      <TextField
        label="Its Slack id"
        name="slackId"
        maxLength={30}
        placeholder="U… or S…"
        defaultValue={typed('slackId')}
        errors={refused?.fields.slackId}
        autoComplete="off"
        spellCheck={false}
      />
      <Button type="submit">Add</Button>
    </Form>
  );
}

function whatItIs(slackId: string): string {
  return slackId.startsWith('S') ? 'Rings a user group' : 'Rings a member';
}
