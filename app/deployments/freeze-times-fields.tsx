import { useId, useRef } from 'react';
import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { kindOf } from '#app/deployments/freeze-form';
import { useHydrated } from '#app/lib/clock';
import { FREEZE_MAX_MINUTES } from '#server/deployments/freezes/contract';

const KINDS = [
  { value: 'once', label: 'Once', hint: 'From one moment until another.' },
  { value: 'again', label: 'Again and again', hint: 'At times of a cron pattern.' },
] as const;

/** When a freeze applies. Which fields show follows the choice above them by style alone, so it needs no JavaScript. */
export function FreezeTimesFields({
  text,
  timeZones,
  errors,
  onZoneTaken,
}: {
  text: (name: string) => string;
  timeZones: string[];
  errors: Record<string, string[]>;
  /** The reader's own zone was put in by its button. */
  onZoneTaken: (form: HTMLFormElement) => void;
}) {
  const kind = kindOf({ kind: text('kind') });
  return (
    <fieldset className="group/times grid gap-4">
      <legend className="mb-1 font-medium">When</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {KINDS.map(({ value, label, hint }) => (
          <label
            key={value}
            className="flex min-h-11 items-start gap-2.5 rounded-m border border-edge/70 px-3 py-2 hover:bg-hover has-checked:border-herb has-checked:bg-herb-soft"
          >
            <input
              type="radio"
              name="kind"
              value={value}
              defaultChecked={kind === value}
              className="mt-0.5 size-4 accent-herb"
            />
            <span>
              <span className="block font-medium">{label}</span>
              <span className="block text-s text-muted">{hint}</span>
            </span>
          </label>
        ))}
      </div>
      <div className="grid gap-4 group-has-[input[value=again]:checked]/times:hidden sm:grid-cols-2">
        <TextField
          type="datetime-local"
          label="From"
          name="startsAt"
          defaultValue={text('startsAt').slice(0, 16)}
          errors={errors.startsAt}
        />
        <TextField
          type="datetime-local"
          label="Until"
          name="endsAt"
          defaultValue={text('endsAt').slice(0, 16)}
          errors={errors.endsAt}
        />
      </div>
      <div className="grid gap-4 group-has-[input[value=once]:checked]/times:hidden sm:grid-cols-2">
        <TextField
          label="Begins at"
          name="cron"
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          placeholder="0 17 * * 5"
          defaultValue={text('cron')}
          errors={errors.cron}
          hint="Minute, hour, day of month, month, day of week."
        />
        <TextField
          type="number"
          label="Lasts, in minutes"
          name="durationMinutes"
          min={1}
          max={FREEZE_MAX_MINUTES}
          inputMode="numeric"
          defaultValue={text('durationMinutes')}
          errors={errors.durationMinutes}
          hint="3840 is Friday 17:00 to Monday 9:00."
        />
      </div>
      <TimeZoneField
        value={text('timeZone') || 'UTC'}
        timeZones={timeZones}
        errors={errors.timeZone}
        onTaken={onZoneTaken}
      />
    </fieldset>
  );
}

function TimeZoneField({
  value,
  timeZones,
  errors,
  onTaken,
}: {
  value: string;
  timeZones: string[];
  errors: string[] | undefined;
  onTaken: (form: HTMLFormElement) => void;
}) {
  const isHydrated = useHydrated();
  const list = useId();
  const root = useRef<HTMLDivElement>(null);
  const own = isHydrated ? Intl.DateTimeFormat().resolvedOptions().timeZone : null;
  const takeOwn = () => {
    const input = root.current?.querySelector('input');
    if (!input || !own) return;
    input.value = own;
    if (input.form) onTaken(input.form);
  };
  return (
    <div ref={root} className="flex flex-wrap items-end gap-2">
      <TextField
        label="Time zone"
        name="timeZone"
        list={list}
        maxLength={100}
        autoComplete="off"
        spellCheck={false}
        defaultValue={value}
        errors={errors}
        hint="The times above are by its clocks, summer time included."
        className="min-w-56 flex-1"
      />
      <datalist id={list}>
        {timeZones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      {own && own !== value ? (
        <Button onClick={takeOwn} className="mb-5">
          Yours: {own}
        </Button>
      ) : null}
    </div>
  );
}
