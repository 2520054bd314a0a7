import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { SelectField, TextField } from '#app/components/ui/field';
import { FailureNotice } from '#app/components/ui/notice';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { CheckForm } from '#app/monitoring/check-form';
import { BackLink } from '#app/settings/back-link';
import { createCheck } from '#server/monitoring/checks/commands';
import {
  CHECK_INTERVAL_DEFAULT,
  CHECK_KIND_LABELS,
  CHECK_KINDS,
  CHECK_TIMEOUT_DEFAULT,
} from '#server/monitoring/checks/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';
export { revalidateAfterRefusal as shouldRevalidate } from '#app/lib/revalidate';

export const meta: MetaFunction = (args) => pageTitle(args, 'Add a check');

/** The address may carry what the form begins with. */
export const loader = protectedLoader({ access: 'checks.read' }, async ({ url }) => ({
  begin: Object.fromEntries(url.searchParams),
}));

export const action = protectedAction({
  intents: {
    create: {
      access: 'checks.manage',
      handle: async ({ ctx, context, form }) => {
        const [service = '', environment = ''] = String(form.place ?? '').split('/');
        const { key, title, kind, url, host, port, expectStatus, bodyIncludes, intervalSeconds, timeoutMs } =
          form;
        const check = await createCheck(ctx, {
          service,
          environment,
          key,
          title,
          kind,
          url,
          host,
          port,
          expectStatus,
          bodyIncludes,
          intervalSeconds,
          timeoutMs,
        });
        return redirectWithToast(context, paths.monitorCheck(check.id), {
          kind: 'success',
          message: 'Added. It runs at once.',
        });
      },
    },
  },
});

export default function NewCheck() {
  const { begin } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const places = useRootData()?.environments ?? [];
  const text = (name: string, fallback = '') => {
    const typed = failure?.values[name];
    return typeof typed === 'string' ? typed : (begin[name] ?? fallback);
  };
  return (
    <>
      <BackLink to={paths.monitorChecks()}>Uptime</BackLink>
      <PageHeader title="Add a check">
        It may ask the hosts that the configuration of its environment names, and no others.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4 max-w-2xl" />
      <CheckForm
        kind={null}
        intent="create"
        submit="Add the check"
        back={paths.monitorChecks()}
        failure={failure}
        values={{
          title: begin.title ?? '',
          url: begin.url ?? '',
          host: begin.host ?? '',
          port: begin.port ?? '',
          expectStatus: begin.expectStatus ?? '200',
          bodyIncludes: begin.bodyIncludes ?? '',
          intervalSeconds: begin.intervalSeconds ?? String(CHECK_INTERVAL_DEFAULT),
          timeoutMs: begin.timeoutMs ?? String(CHECK_TIMEOUT_DEFAULT),
        }}
      >
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <SelectField
            label="Environment"
            name="place"
            defaultValue={text('place')}
            options={places.map(({ service, environment }) => ({
              value: `${service}/${environment}`,
              label: `${service} / ${environment}`,
            }))}
            errors={failure?.fields.environment ?? failure?.fields.service}
          />
          <SelectField
            label="Kind"
            name="kind"
            defaultValue={text('kind', 'http')}
            options={CHECK_KINDS.map((value) => ({ value, label: CHECK_KIND_LABELS[value] }))}
            errors={failure?.fields.kind}
          />
        </div>
        <TextField
          label="Key"
          name="key"
          required
          maxLength={60}
          autoComplete="off"
          spellCheck={false}
          placeholder="payment-page"
          hint="Its short name for rules and the command line: lower-case letters, digits and dashes."
          defaultValue={text('key')}
          errors={failure?.fields.key}
        />
      </CheckForm>
    </>
  );
}
