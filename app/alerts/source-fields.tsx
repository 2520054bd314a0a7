import { GAUGE_AGGREGATES, type SourceKind } from '#app/alerts/rule-values';
import { SelectField, TextField } from '#app/components/ui/field';
import { SECURITY_KIND_LABELS } from '#server/monitoring/security-events/contract';

interface Wired {
  name: string;
  defaultValue: string;
  errors: string[] | undefined;
}

/** What a rule looks at: other fields for each kind. */
export function SourceFields({ kind, field }: { kind: SourceKind; field: (name: string) => Wired }) {
  if (kind === 'check') {
    return <TextField label="Check" required hint="By its key, like health." {...field('checkKey')} />;
  }
  if (kind === 'events') {
    return (
      <>
        <SelectField
          label="Kind"
          options={[
            { value: 'any', label: 'Any of them' },
            ...Object.entries(SECURITY_KIND_LABELS).map(([value, label]) => ({ value, label })),
          ]}
          {...field('eventKind')}
        />
        <TextField label="Within, seconds" type="number" min={10} required {...field('windowSeconds')} />
      </>
    );
  }
  return (
    <>
      <TextField label="Metric" required autoComplete="off" {...field('metric')} />
      <TextField
        label="Labels"
        optional
        autoComplete="off"
        hint="Like status=5xx, or status=~4xx|5xx."
        {...field('labels')}
      />
      {kind === 'ratio' ? (
        <>
          <TextField label="Of the metric" required autoComplete="off" {...field('ofMetric')} />
          <TextField label="Its labels" optional autoComplete="off" {...field('ofLabels')} />
        </>
      ) : null}
      {kind === 'quantile' ? (
        <>
          <SelectField
            label="Quantile"
            options={['0.5', '0.95', '0.99'].map((value) => ({ value, label: `p${Number(value) * 100}` }))}
            {...field('q')}
          />
          <TextField
            label="Times"
            inputMode="decimal"
            hint="1000 makes milliseconds of seconds."
            {...field('scale')}
          />
        </>
      ) : null}
      {kind === 'gauge' ? (
        <SelectField
          label="Taken together as"
          options={GAUGE_AGGREGATES.map((value) => ({ value, label: value }))}
          {...field('aggregate')}
        />
      ) : null}
      <TextField
        label="Over, seconds"
        type="number"
        min={5}
        required
        hint="The window of each value."
        {...field('windowSeconds')}
      />
    </>
  );
}
