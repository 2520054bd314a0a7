import type { MetaFunction } from '@remix-run/node';
import { Form, useLoaderData } from '@remix-run/react';
import { Trash2 } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { CheckForm } from '#app/monitoring/check-form';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { changeCheck, removeCheck } from '#server/monitoring/checks/commands';
import { getCheck } from '#server/monitoring/checks/queries/checks';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction<typeof loader> = (args) =>
  pageTitle(args, `Change ${args.data?.check.title ?? 'a check'}`);

export const loader = protectedLoader({ access: 'checks.read' }, async ({ ctx, params }) => ({
  check: await getCheck(ctx, { checkId: params.checkId ?? '' }),
}));

export const action = protectedAction({
  intents: {
    change: {
      access: 'checks.manage',
      handle: async ({ ctx, context, params: { checkId = '' }, form }) => {
        const { title, url, host, port, expectStatus, bodyIncludes, intervalSeconds, timeoutMs } = form;
        await changeCheck(ctx, {
          checkId,
          title,
          url,
          host,
          port,
          expectStatus,
          bodyIncludes,
          intervalSeconds,
          timeoutMs,
        });
        return redirectWithToast(context, paths.monitorCheck(checkId), {
          kind: 'success',
          message: 'Changed. It runs at once.',
        });
      },
    },
    remove: {
      access: 'checks.manage',
      handle: async ({ ctx, context, params: { checkId = '' } }) => {
        await removeCheck(ctx, { checkId });
        return redirectWithToast(context, paths.monitorChecks(), {
          kind: 'success',
          message: 'The check is taken away.',
        });
      },
    },
  },
});

export default function ChangeCheck() {
  const subject = useSubject();
  const { check } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const back = paths.monitorCheck(check.id);
  const isTcp = check.kind === 'tcp';
  const [, host = '', port = ''] = isTcp ? (/^(.*):(\d+)$/.exec(check.target) ?? []) : [];
  return (
    <>
      <BackLink to={back}>{check.title}</BackLink>
      <PageHeader title={`Change ${check.title}`}>
        in {check.service} / {check.environment}
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4 max-w-2xl" />
      {check.source === 'config' ? (
        <Notice tone="info" title="This check comes from the configuration.">
          Change it in the configuration file; here it can be paused.
        </Notice>
      ) : (
        <div className="grid gap-4">
          <CheckForm
            kind={check.kind}
            intent="change"
            submit="Save the change"
            back={back}
            failure={failure}
            values={{
              title: check.title,
              url: isTcp ? '' : check.target,
              host,
              port,
              expectStatus: String(check.expectStatus ?? ''),
              bodyIncludes: check.bodyIncludes ?? '',
              intervalSeconds: String(check.intervalSeconds),
              timeoutMs: String(check.timeoutMs),
            }}
          />
          <Section title="Take it away" className="max-w-2xl">
            <details>
              <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
                What that does
              </summary>
              <Form method="post" className="mt-2 grid gap-3">
                <p className="text-pretty">
                  It is not run any more. Rules that look at it fall silent: they raise no alert and roll
                  nothing back, whatever happens there. What it brought so far is not shown any more. Nothing
                  brings it back; a check by the same key starts anew.
                </p>
                <Button
                  type="submit"
                  name="intent"
                  value="remove"
                  look="danger"
                  className="sm:justify-self-start"
                  blockedBy={can(subject, 'checks.manage') ? null : whyNot('checks.manage')}
                >
                  <Trash2 aria-hidden="true" size={14} />
                  Take away {check.title}
                </Button>
              </Form>
            </details>
          </Section>
        </div>
      )}
    </>
  );
}
