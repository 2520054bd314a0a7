import { Form, useNavigation } from '@remix-run/react';
import { History } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { kindOf, SOURCE_KIND_LABELS, type RuleForm as Values } from '#app/alerts/rule-values';
import { SourceFields } from '#app/alerts/source-fields';
import { useRootData, useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { RequestKey } from '#app/components/ui/request-key';
import { can, whyNot } from '#server/auth/contract';
import {
  COMPARISON_WORDS,
  MISSING_DATA,
  MISSING_DATA_LABELS,
  RULE_ACTION_LABELS,
  RULE_ACTIONS,
  SEVERITIES,
  SEVERITY_LABELS,
} from '#server/monitoring/rules/words/contract';
import { CHANNEL_PURPOSES, CHANNELS } from '#server/notifications/contract';

/**
 * Everything that a rule is made of; it can be previewed against history before it is saved. It goes on with what it began
 * with, version included, however the page's data changes under it: a new `key` makes it begin anew.
 */
export function RuleForm({
  id,
  isNew,
  save,
  ...first
}: {
  /** Its name to buttons that are elsewhere. */
  id?: string;
  values: Values;
  errors: Record<string, string[]>;
  isNew: boolean;
  /** What the button that keeps it says. */
  save: string;
}) {
  const [{ values, errors }] = useState(first);
  const subject = useSubject();
  const navigation = useNavigation();
  const busyWith = navigation.state === 'submitting' ? navigation.formData?.get('intent') : null;
  const kind = kindOf(values.kind);
  const isMetric = kind !== 'check' && kind !== 'events';
  const field = (name: string) => ({ name, defaultValue: values[name] ?? '', errors: errors[name] });
  const blockedBy = can(subject, 'rules.manage') ? null : whyNot('rules.manage', subject);
  return (
    <Form id={id} method="post" className="grid gap-6 rounded-l bg-surface p-4 shadow-raised sm:p-5">
      <RequestKey />
      <input type="hidden" name="kind" value={kind} />
      <input type="hidden" name="version" value={values.version ?? ''} />
      <input type="hidden" name="enabled" value={values.enabled ?? 'on'} />
      <Group title="What it is">
        <TextField
          label="Title"
          required
          maxLength={120}
          hint="What is wrong when it fires."
          {...field('title')}
        />
        {isNew ? (
          <TextField
            label="Key"
            required
            maxLength={60}
            hint="Names it in commands, like error-rate."
            {...field('key')}
          />
        ) : (
          <input type="hidden" name="key" value={values.key ?? ''} />
        )}
        <SelectField label="Where" options={usePlaces()} {...field('place')} />
      </Group>
      <Group title={SOURCE_KIND_LABELS[kind]}>
        <SourceFields kind={kind} field={field} />
      </Group>
      <Group title="When it fires">
        <SelectField
          label="When the value is"
          options={Object.entries(COMPARISON_WORDS).map(([value, words]) => ({
            value,
            label: `${words} (${value})`,
          }))}
          {...field('comparison')}
        />
        <TextField label="The limit" required inputMode="decimal" {...field('threshold')} />
        <TextField
          label="For, seconds"
          required
          type="number"
          min={0}
          hint="Shorter spikes do nothing."
          {...field('forSeconds')}
        />
        <TextField
          label="Well again at"
          optional
          inputMode="decimal"
          hint="Absent: at the limit."
          {...field('resolveThreshold')}
        />
        {isMetric ? (
          <TextField
            label="Requests at least"
            type="number"
            min={0}
            hint="Since it began; with fewer nothing fires."
            {...field('minimumTraffic')}
          />
        ) : (
          <input type="hidden" name="minimumTraffic" value="0" />
        )}
        <TextField
          label="Look every, seconds"
          type="number"
          min={1}
          max={3600}
          {...field('intervalSeconds')}
        />
        <SelectField
          label="Without data it is"
          className="sm:col-span-2"
          options={MISSING_DATA.map((value) => ({ value, label: MISSING_DATA_LABELS[value] }))}
          {...field('missingData')}
        />
      </Group>
      <Group title="What it does">
        <SelectField
          label="Severity"
          options={SEVERITIES.map((value) => ({ value, label: SEVERITY_LABELS[value] }))}
          {...field('severity')}
        />
        <SelectField
          label="Channel"
          options={CHANNELS.map((value) => ({ value, label: `${value}: ${CHANNEL_PURPOSES[value]}` }))}
          {...field('channel')}
        />
        <TextField label="Mentions" optional hint="Like @tech-lead @devops." {...field('mentions')} />
        <SelectField
          label="Action"
          options={RULE_ACTIONS.map((value) => ({ value, label: RULE_ACTION_LABELS[value] }))}
          {...field('action')}
        />
        <label className="flex items-center gap-2 sm:col-span-2">
          <input
            type="checkbox"
            name="dryRun"
            defaultChecked={values.dryRun === 'on'}
            className="size-4 accent-herb"
          />
          <span>Dry run: the action is only noted, with what it would have done</span>
        </label>
      </Group>
      <div className="flex flex-wrap items-center gap-3">
        <Button
          type="submit"
          name="intent"
          value="save"
          look="primary"
          size="big"
          aria-busy={busyWith === 'save'}
          blockedBy={blockedBy}
        >
          {save}
        </Button>
        <Button
          type="submit"
          name="intent"
          value="preview"
          size="big"
          aria-busy={busyWith === 'preview'}
          blockedBy={blockedBy}
        >
          <History aria-hidden="true" size={16} />
          Preview
        </Button>
        <p className="text-s text-muted">A preview changes nothing.</p>
      </div>
      {blockedBy ? <p className="text-s text-muted">{blockedBy}</p> : null}
    </Form>
  );
}

function usePlaces(): { value: string; label: string }[] {
  const environments = useRootData()?.environments ?? [];
  const services = [...new Set(environments.map(({ service }) => service))];
  return [
    { value: '', label: 'Every environment but practice' },
    ...services.map((service) => ({ value: service, label: `${service}: all but practice` })),
    ...environments.map(({ service, environment }) => ({
      value: `${service}/${environment}`,
      label: `${service} / ${environment}`,
    })),
  ];
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-3 text-m font-semibold">{title}</legend>
      <div className="grid items-start gap-x-4 gap-y-4 sm:grid-cols-2">{children}</div>
    </fieldset>
  );
}
