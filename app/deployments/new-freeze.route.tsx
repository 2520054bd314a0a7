import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useFetcher, useLoaderData, useNavigation } from '@remix-run/react';
import { Snowflake } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { Notice } from '#app/components/ui/notice';
import { RequestKey } from '#app/components/ui/request-key';
import { FREEZE_PRESETS, freezeTimes, kindOf } from '#app/deployments/freeze-form';
import { FreezePreviewBox } from '#app/deployments/freeze-preview';
import { FreezeTimesFields } from '#app/deployments/freeze-times-fields';
import type { FormValues } from '#app/http/form.server';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { createFreeze } from '#server/deployments/commands/manage-freezes';
import type { FreezePreview } from '#server/deployments/freezes/contract';
import { previewFreeze } from '#server/deployments/queries/freezes';
import type { Ctx } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Declare a freeze');

/** The address may carry what the form begins with; its times come with what they would come to. */
export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx, url }) => {
  const values = Object.fromEntries(url.searchParams);
  return {
    values,
    preview: await preview(ctx, values),
    presets: FREEZE_PRESETS.map(({ label, times }) => ({ label, times: times(ctx.clock.now()) })),
    timeZones: ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')],
  };
});

/** Null while there are no times to speak of. */
async function preview(ctx: Ctx, values: FormValues): Promise<FreezePreview | null> {
  const { timeZone: _zone, ...times } = freezeTimes(values);
  if (Object.values(times).every((value) => value === undefined)) return null;
  try {
    return await previewFreeze(ctx, freezeTimes(values));
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'invalid_input') throw error;
    return { isActive: false, next: [], fields: error.fields ?? {} };
  }
}

export const action = protectedAction({
  intents: {
    create: {
      access: 'freezes.manage',
      handle: async ({ ctx, context, form }) => {
        const freeze = await createFreeze(ctx, {
          ...freezeTimes(form),
          service: form.service || undefined,
          environment: form.environment || undefined,
          reason: form.reason,
        });
        return redirectWithToast(context, paths.freezes(), {
          kind: 'success',
          message: freeze.status === 'active' ? 'Deploys are frozen from now on.' : 'The freeze is declared.',
        });
      },
    },
  },
});

export default function NewFreeze() {
  const { values } = useLoaderData<typeof loader>();
  // Another preset by the address is another beginning.
  return <FreezeForm key={JSON.stringify(values)} />;
}

const TYPING_PAUSE_MS = 300;

function FreezeForm() {
  const { values, preview: loaded, presets, timeZones } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const fetcher = useFetcher<typeof loader>();
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = (form: HTMLFormElement) => {
    const typed = Object.fromEntries(new FormData(form)) as Record<string, string>;
    fetcher.load(paths.newFreeze({ kind: kindOf(typed), ...freezeTimes(typed) }));
  };
  const preview = fetcher.data ? fetcher.data.preview : loaded;
  const begin: FormValues = failure ? failure.values : values;
  const text = (name: string) => {
    const value = begin[name];
    return typeof value === 'string' ? value : '';
  };
  const blockedBy = can(subject, 'freezes.manage') ? null : whyNot('freezes.manage');
  return (
    <div className="mx-auto max-w-5xl">
      <BackLink to={paths.freezes()}>Freezes</BackLink>
      <PageHeader title="Declare a freeze">
        While it applies, deploys are refused with its reason. Rollbacks go through.
      </PageHeader>
      {failure ? (
        <Notice tone="critical" title={failure.error.message} alert className="mb-4">
          {failure.fields._?.join(' ') ?? failure.error.hint}
        </Notice>
      ) : null}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Form
          method="post"
          className="grid gap-5 rounded-l bg-surface p-4 shadow-raised sm:p-5"
          onChange={(event) => {
            const form = event.currentTarget;
            clearTimeout(timer.current);
            timer.current = setTimeout(() => ask(form), TYPING_PAUSE_MS);
          }}
        >
          <RequestKey />
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="text-muted">Begin with</span>
            {presets.map((preset) => (
              <Link
                key={preset.label}
                to={paths.newFreeze(preset.times)}
                replace
                preventScrollReset
                className="hit inline-flex items-center rounded-full border border-edge/70 px-3 text-s no-underline hover:bg-hover"
              >
                {preset.label}
              </Link>
            ))}
          </p>
          <TextField
            label="Why nothing may be deployed"
            name="reason"
            required
            minLength={3}
            maxLength={500}
            autoComplete="off"
            placeholder="Christmas sale"
            defaultValue={text('reason')}
            errors={failure?.fields.reason}
            hint="Whoever wants to deploy reads it."
          />
          <ScopeFields service={text('service')} environment={text('environment')} failure={failure} />
          <FreezeTimesFields
            text={text}
            timeZones={timeZones}
            onZoneTaken={ask}
            errors={failure ? failure.fields : (preview?.fields ?? {})}
          />
          <div className="flex flex-wrap items-center gap-3 border-t border-line pt-4">
            <Button
              type="submit"
              name="intent"
              value="create"
              look="primary"
              size="big"
              aria-busy={isBusy}
              blockedBy={blockedBy}
            >
              <Snowflake aria-hidden="true" size={16} />
              Declare the freeze
            </Button>
            <noscript>
              <Button type="submit" formMethod="get" formNoValidate size="big">
                Show its next times
              </Button>
            </noscript>
            <Link to={paths.freezes()} className="link text-muted">
              Declare none
            </Link>
          </div>
          {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
        </Form>
        <FreezePreviewBox
          preview={preview}
          timeZone={(fetcher.data?.values ?? values).timeZone || 'UTC'}
          isLoading={fetcher.state !== 'idle'}
        />
      </div>
    </div>
  );
}

function ScopeFields({
  service,
  environment,
  failure,
}: {
  service: string;
  environment: string;
  failure: ActionFailure | undefined;
}) {
  const places = useRootData()?.environments ?? [];
  const options = (all: string, names: string[]) => [
    { value: '', label: all },
    ...[...new Set(names)].map((value) => ({ value, label: value })),
  ];
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Service"
        name="service"
        defaultValue={service}
        options={options(
          'Every service',
          places.map((place) => place.service),
        )}
        errors={failure?.fields.service}
      />
      <SelectField
        label="Environment"
        name="environment"
        defaultValue={environment}
        options={options(
          'Every environment',
          places.map((place) => place.environment),
        )}
        errors={failure?.fields.environment}
      />
    </div>
  );
}
