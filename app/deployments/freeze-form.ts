type Values = Record<string, string | string[] | undefined>;

export type FreezeKind = 'once' | 'again';

/** A freeze happens once unless the form says otherwise. */
export function kindOf(values: Values): FreezeKind {
  return values.kind === 'again' ? 'again' : 'once';
}

/** The times of a form as the commands take them: the fields of the other kind are left out, and so is what is empty. */
export function freezeTimes(values: Values) {
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' && value.trim() !== '' ? value : undefined;
  };
  const timeZone = text('timeZone');
  return kindOf(values) === 'again'
    ? { cron: text('cron'), durationMinutes: text('durationMinutes'), timeZone }
    : { startsAt: text('startsAt'), endsAt: text('endsAt'), timeZone };
}

const HOUR_MS = 3_600_000;
const wallClock = (at: number) => new Date(at).toISOString().slice(0, 16);

/** What people declare most; the times are those of UTC. */
export const FREEZE_PRESETS: readonly { label: string; times: (now: Date) => Record<string, string> }[] = [
  {
    label: 'The next 4 hours',
    times: (now) => ({
      kind: 'once',
      startsAt: wallClock(now.getTime()),
      endsAt: wallClock(now.getTime() + 4 * HOUR_MS),
    }),
  },
  {
    label: 'Every weekend',
    times: () => ({ kind: 'again', cron: '0 17 * * 5', durationMinutes: String(64 * 60) }),
  },
  {
    label: 'Every night',
    times: () => ({ kind: 'again', cron: '0 22 * * *', durationMinutes: String(8 * 60) }),
  },
];
