import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useNavigation } from '@remix-run/react';
import { TriangleAlert } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { FailureNotice, Notice } from '#app/components/ui/notice';
import { RequestKey } from '#app/components/ui/request-key';
import { StatusMark } from '#app/components/ui/status-mark';
import type { FormValues } from '#app/http/form.server';
import { type ActionFailure, protectedAction, protectedLoader } from '#app/http/protected.server';
import { redirectWithToast } from '#app/http/redirect.server';
import { placeOf, utcMomentOf } from '#app/incidents/form-values';
import { levelLook } from '#app/incidents/looks';
import { paths } from '#app/lib/paths';
import { useAnswer } from '#app/lib/use-answer';
import { BackLink } from '#app/settings/back-link';
import { can, whyNot } from '#server/auth/contract';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import {
  INCIDENT_LEVEL_CONSEQUENCES,
  INCIDENT_LEVEL_DEFAULT,
  INCIDENT_LEVELS,
  INCIDENT_TITLE_MAX,
} from '#server/incidents/words/contract';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Declare an incident');

/** The address may carry what the form begins with. */
export const loader = protectedLoader({ access: 'incidents.read' }, async ({ url }) => ({
  values: Object.fromEntries(url.searchParams),
}));

export const action = protectedAction({
  intents: {
    declare: {
      access: 'incidents.manage',
      handle: async ({ ctx, context, form }) => {
        const { number, name, level } = await declareIncident(ctx, {
          title: form.title,
          level: form.level || undefined,
          ...placeOf(form.place),
          startedAt: utcMomentOf(form.startedAt),
        });
        return redirectWithToast(context, paths.incident(number), {
          kind: 'success',
          message: `${name} is open at level ${level}. You command it.`,
        });
      },
    },
  },
});

export default function NewIncident() {
  const { values } = useLoaderData<typeof loader>();
  const failure = useAnswer<typeof action>() as ActionFailure | undefined;
  const subject = useSubject();
  const isBusy = useNavigation().state === 'submitting';
  const open = useRootData()?.incidents ?? [];
  const begin: FormValues = failure ? failure.values : values;
  const text = (name: string, otherwise = '') => {
    const value = begin[name];
    return typeof value === 'string' && value !== '' ? value : otherwise;
  };
  const blockedBy = can(subject, 'incidents.manage') ? null : whyNot('incidents.manage', subject);
  return (
    <div className="mx-auto max-w-3xl">
      <BackLink to={paths.incidents()}>Incidents</BackLink>
      <PageHeader title="Declare an incident">
        A title is enough. Level, state and roles are changed once it is open.
      </PageHeader>
      <FailureNotice failure={failure} className="mb-4" />
      {open.length > 0 ? (
        <Notice tone="info" title="Open already. Is it one of these?" className="mb-4">
          <ul>
            {open.map(({ number, name, title }) => (
              <li key={number}>
                <Link to={paths.incident(number)} className="link hit inline-flex items-center">
                  {name} {title}
                </Link>
              </li>
            ))}
          </ul>
        </Notice>
      ) : null}
      <Form method="post" className="grid gap-5 rounded-l bg-surface p-4 shadow-raised sm:p-5">
        <RequestKey />
        <TextField
          label="What is wrong"
          name="title"
          required
          maxLength={INCIDENT_TITLE_MAX}
          autoComplete="off"
          placeholder="Checkout fails for everybody"
          defaultValue={text('title')}
          errors={failure?.fields.title}
        />
        <LevelFields
          chosen={text('level', String(INCIDENT_LEVEL_DEFAULT))}
          errors={failure?.fields.level ?? []}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <PlaceField
            value={text('place')}
            errors={[...(failure?.fields.service ?? []), ...(failure?.fields.environment ?? [])]}
          />
          <TextField
            type="datetime-local"
            label="Began at (UTC)"
            name="startedAt"
            optional
            step={60}
            defaultValue={text('startedAt').slice(0, 16)}
            errors={failure?.fields.startedAt}
            hint="Empty: now. Set it back to when it really began."
          />
        </div>
        <div className="flex flex-wrap items-center gap-3 border-t border-line pt-4">
          <Button
            type="submit"
            name="intent"
            value="declare"
            look="primary"
            size="big"
            aria-busy={isBusy}
            blockedBy={blockedBy}
          >
            <TriangleAlert aria-hidden="true" size={16} />
            Declare the incident
          </Button>
          <Link to={paths.incidents()} className="link text-muted">
            Declare none
          </Link>
        </div>
        {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
      </Form>
    </div>
  );
}

function LevelFields({ chosen, errors }: { chosen: string; errors: string[] }) {
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 font-medium">
        Level <span className="font-normal text-muted">If unsure, the higher one.</span>
      </legend>
      {INCIDENT_LEVELS.map((level) => (
        <label
          key={level}
          className="flex min-h-11 items-start gap-2.5 rounded-m border border-edge/70 px-3 py-2 hover:bg-hover has-checked:border-herb has-checked:bg-herb-soft"
        >
          <input
            type="radio"
            name="level"
            value={level}
            defaultChecked={chosen === String(level)}
            className="mt-0.5 size-4 shrink-0 accent-herb"
          />
          <span>
            <StatusMark look={levelLook(level)} className="font-medium" />
            <span className="block text-s text-pretty text-muted">{INCIDENT_LEVEL_CONSEQUENCES[level]}</span>
          </span>
        </label>
      ))}
      {errors.length > 0 ? <p className="text-s text-critical">{errors.join(' ')}</p> : null}
    </fieldset>
  );
}

function PlaceField({ value, errors }: { value: string; errors: string[] }) {
  const places = useRootData()?.environments ?? [];
  const services = [...new Set(places.map(({ service }) => service))];
  return (
    <SelectField
      label="Where"
      name="place"
      optional
      defaultValue={value}
      options={[
        { value: '', label: 'No single service' },
        ...services.flatMap((service) => [
          { value: service, label: `${service}, as a whole` },
          ...places
            .filter((place) => place.service === service)
            .map(({ environment }) => ({
              value: `${service}/${environment}`,
              label: `${service} / ${environment}`,
            })),
        ]),
      ]}
      errors={errors}
    />
  );
}
