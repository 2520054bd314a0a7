import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { LinkButton } from '#app/components/ui/button';
import { FailureNotice } from '#app/components/ui/notice';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { ChannelSection } from '#app/notifications/channel-section';
import { MentionMap } from '#app/notifications/mention-map';
import { AuditLink } from '#app/settings/audit-link';
import {
  muteChannel,
  removeMention,
  setMention,
  testChannel,
  unmuteChannel,
} from '#server/notifications/commands';
import { listChannels, listMentions } from '#server/notifications/queries';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Channels');

export const loader = protectedLoader({ access: 'deliveries.read' }, async ({ ctx }) => {
  const [channels, mentions] = await Promise.all([listChannels(ctx, {}), listMentions(ctx, {})]);
  return { channels, mentions };
});

const access = 'channels.manage';

export const action = protectedAction({
  intents: {
    test: {
      access,
      handle: async ({ ctx, context, form }) => {
        const { notificationId } = await testChannel(ctx, { channel: form.channel });
        return redirectWithToast(context, paths.delivery(notificationId), {
          kind: 'info',
          message: `The test to ${form.channel} is on its way. This page shows what becomes of it.`,
        });
      },
    },
    mute: {
      access,
      handle: async ({ ctx, context, form }) => {
        const { channel, reason, hours } = form;
        await muteChannel(ctx, { channel, reason, hours });
        return redirectWithToast(context, `${paths.channels()}#${channel}`, {
          kind: 'success',
          message: `${channel} is muted. What would go there is skipped, with your reason.`,
        });
      },
    },
    unmute: {
      access,
      handle: async ({ ctx, context, form }) => {
        await unmuteChannel(ctx, { channel: form.channel });
        return redirectWithToast(context, `${paths.channels()}#${form.channel}`, {
          kind: 'success',
          message: `${form.channel} speaks again.`,
        });
      },
    },
    'set-mention': {
      access,
      handle: async ({ ctx, context, form }) => {
        await setMention(ctx, { handle: form.handle, slackId: form.slackId });
        return redirectWithToast(context, `${paths.channels()}#mentions`, {
          kind: 'success',
          message: 'The handle is saved.',
        });
      },
    },
    'remove-mention': {
      access,
      handle: async ({ ctx, context, form }) => {
        await removeMention(ctx, { handle: form.handle });
        return redirectWithToast(context, `${paths.channels()}#mentions`, {
          kind: 'success',
          message: 'The handle is removed.',
        });
      },
    },
  },
});

export default function Channels() {
  const { channels, mentions } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  return (
    <>
      <PageHeader
        title="Channels"
        actions={
          <>
            <AuditLink filter={{ search: 'notifications.' }} />
            <LinkButton to={paths.deliveries()}>Deliveries</LinkButton>
          </>
        }
      >
        Where the console speaks up in Slack. Webhooks are secrets: they come from the settings and show only
        as a host and a fingerprint.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      <div className="grid gap-4">
        {channels.map((channel) => {
          const refused =
            failure?.intent === 'mute' && failure.values.channel === channel.channel ? failure : undefined;
          return (
            <ChannelSection
              key={channel.channel}
              channel={channel}
              errors={refused?.fields}
              values={refused?.values}
            />
          );
        })}
        <MentionMap mentions={mentions} failure={failure} />
      </div>
    </>
  );
}
