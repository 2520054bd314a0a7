import { Form, Link, useNavigation } from '@remix-run/react';
import { BellOff, CircleCheck, CircleDashed, Hourglass, Send } from 'lucide-react';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { Facts, Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import { can, whyNot } from '#server/auth/contract';
import type { ChannelView } from '#server/notifications/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const MUTE_CHOICES = [
  { value: '1', label: '1 hour' },
  { value: '4', label: '4 hours' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
];

function channelLook({ webhook, muted, hold }: ChannelView): Look {
  if (!webhook) return { tone: 'warning', icon: CircleDashed, label: 'Not set up' };
  if (muted) return { tone: 'warning', icon: BellOff, label: 'Muted' };
  if (hold) return { tone: 'warning', icon: Hourglass, label: 'Waits' };
  return { tone: 'ok', icon: CircleCheck, label: 'Ready' };
}

/** One channel: where it leads, how it stands, and what can be done about it. */
export function ChannelSection({
  channel: view,
  errors,
  values,
}: {
  channel: ChannelView;
  /** What was refused of this channel's form for muting, and what was typed. */
  errors?: Record<string, string[]> | undefined;
  values?: Record<string, unknown> | undefined;
}) {
  const { channel, muted, hold } = view;
  const subject = useSubject();
  const blockedBy = can(subject, 'channels.manage') ? null : whyNot('channels.manage', subject);
  const navigation = useNavigation();
  const isBusy = navigation.state === 'submitting' && navigation.formData?.get('channel') === channel;
  return (
    <Section
      title={channel}
      anchor={channel}
      aside={
        <>
          <StatusMark look={channelLook(view)} />
          <Form method="post">
            <input type="hidden" name="intent" value="test" />
            <input type="hidden" name="channel" value={channel} />
            <Button type="submit" size="s" aria-busy={isBusy} blockedBy={blockedBy}>
              <Send aria-hidden="true" size={14} />
              Test<span className="sr-only"> {channel}</span>
            </Button>
          </Form>
        </>
      }
    >
      <p className="mb-3 text-muted">{view.purpose}</p>
      <Facts
        items={[
          [
            'Leads to',
            view.webhook ? (
              <span key="webhook">
                {view.webhook.host} <code className="text-s text-muted">{view.webhook.fingerprint}</code>
              </span>
            ) : (
              <span key="webhook">
                nowhere: set <code className="break-all">{view.setting}</code> and restart
              </span>
            ),
          ],
          [
            'Last sent',
            view.lastSentAt ? <RelativeTime key="sent" at={view.lastSentAt} focusable /> : 'never',
          ],
          ['Waiting', <Count key="waiting" count={view.waiting} to={{ channel, state: 'pending' }} />],
          [
            'In 24 hours',
            <span key="day" className="flex flex-wrap gap-x-3">
              <Count count={view.failed} word="failed" to={{ channel, state: 'failed' }} />
              <Count count={view.skipped} word="skipped" to={{ channel, state: 'skipped' }} />
            </span>,
          ],
          ...(hold
            ? ([
                [
                  'Waits',
                  <span key="hold">
                    {hold.reason} <RelativeTime at={hold.until} focusable className="text-muted" />
                  </span>,
                ],
              ] as [string, React.ReactNode][])
            : []),
        ]}
      />
      {muted ? (
        <Form method="post" className="mt-3 flex flex-wrap items-center gap-3 border-t border-line pt-3">
          <input type="hidden" name="intent" value="unmute" />
          <input type="hidden" name="channel" value={channel} />
          <p className="min-w-56 flex-1">
            Muted by {muted.byName}, ends <RelativeTime at={muted.until} focusable />: {muted.reason}
          </p>
          <Button type="submit" aria-busy={isBusy} blockedBy={blockedBy}>
            Unmute<span className="sr-only"> {channel}</span>
          </Button>
        </Form>
      ) : blockedBy ? null : (
        <details className="mt-3 border-t border-line pt-2" open={Boolean(errors)}>
          <summary className="hit cursor-pointer text-muted hover:text-ink">
            Mute<span className="sr-only"> {channel}</span>
          </summary>
          <Form method="post" className="mt-2 flex flex-wrap items-end gap-3">
            <input type="hidden" name="intent" value="mute" />
            <input type="hidden" name="channel" value={channel} />
            <TextField
              label={`Why ${channel} is muted`}
              name="reason"
              required
              maxLength={500}
              errors={errors?.reason}
              defaultValue={typeof values?.reason === 'string' ? values.reason : ''}
              className="min-w-56 flex-1"
            />
            <SelectField label="For" name="hours" options={MUTE_CHOICES} errors={errors?.hours} />
            <Button type="submit" aria-busy={isBusy}>
              Mute it
            </Button>
          </Form>
        </details>
      )}
    </Section>
  );
}

function Count({
  count,
  word = '',
  to,
}: {
  count: number;
  word?: string;
  to: Parameters<typeof paths.deliveries>[0];
}) {
  const text = `${count}${word ? ` ${word}` : ''}`;
  if (count === 0) return <span className="text-muted">{text}</span>;
  return (
    <Link to={paths.deliveries(to)} className="link">
      {text}
    </Link>
  );
}
