import { Button } from '#app/components/ui/button';
import { TextField } from '#app/components/ui/field';
import { Facts } from '#app/components/ui/section';
import { Elapsed } from '#app/components/ui/time';
import { type FormParts, IncidentForm, refusedField, useBusyIntent } from '#app/incidents/change-panel';
import { formatUtc } from '#app/lib/format';
import type { BusinessSums, ImpactEntry, ImpactInputs, IncidentImpact } from '#server/business/contract';
import {
  countRange,
  decimalOf,
  impactWords,
  moneyWords,
  revenueWords,
  usersWords,
} from '#server/business/words/contract';

const summary = 'hit inline-flex items-center text-muted underline underline-offset-3';

/** What an incident cost, how that is known, and saying otherwise. */
export function ImpactPanel({ parts, impact }: { parts: FormParts; impact: IncidentImpact }) {
  const { incident, blockedBy } = parts;
  const { current, history, source, sourceProblem } = impact;
  const isBusy = useBusyIntent() === 'estimate';
  return (
    <div className="grid gap-3">
      <Facts
        items={[
          ['Lasted', <Elapsed key="lasted" from={incident.startedAt} to={incident.resolvedAt} />],
          ...(current
            ? ([
                ['Lost revenue', revenueWords(current)],
                ['Users affected', usersWords(current)],
              ] as [string, string][])
            : []),
          ...(current?.inputs
            ? ([['Failed payments', paymentWords(current.inputs)]] as [string, string][])
            : []),
        ]}
      />
      {current ? (
        <p className="text-s text-pretty text-muted">{whoWords(current)}</p>
      ) : (
        <p className="text-pretty text-muted">
          {source
            ? 'It is estimated at the end, from what customers did in the same hours of the weeks before.'
            : sourceProblem}
        </p>
      )}
      {current?.inputs ? <Inputs inputs={current.inputs} entry={current} /> : null}
      {source ? (
        <IncidentForm intent="estimate" parts={parts}>
          <Button type="submit" className="justify-self-start" aria-busy={isBusy} blockedBy={blockedBy}>
            {current ? 'Estimate again' : 'Estimate now'}
          </Button>
        </IncidentForm>
      ) : null}
      <OverrideForm key={history[0]?.id} parts={parts} impact={impact} />
      {history.length > 1 ? (
        <details>
          <summary className={summary}>All that was said of it ({history.length})</summary>
          <ol className="grid gap-1.5">
            {history.map((entry) => (
              <li key={entry.id} className="break-words">
                {impactWords(entry)}
                <span className="block text-s text-muted">
                  {whoWords(entry)}
                  {entry.id === current?.id ? ' This one counts.' : ''}
                </span>
              </li>
            ))}
          </ol>
        </details>
      ) : null}
    </div>
  );
}

function whoWords({ kind, authorName, recordedAt, reason }: ImpactEntry): string {
  return kind === 'override'
    ? `${authorName} said so on ${formatUtc(recordedAt)}: ${reason}`
    : `Estimated by ${authorName === 'The console' ? 'the console' : authorName} on ${formatUtc(recordedAt)}.`;
}

function paymentWords({ actual, weeks }: ImpactInputs): string {
  const before = weeks.flatMap(({ sums }) => (sums ? [sums.failedPayments] : []));
  const range =
    before.length > 0
      ? `; ${countRange(Math.min(...before), Math.max(...before))} in the same hours of the weeks before`
      : '';
  return `${actual.failedPayments} of ${actual.payments}${range}`;
}

const cell = 'px-1.5 py-1 text-right tabular-nums first:pl-0 first:text-left';

/** All that an estimate was reckoned from. */
function Inputs({ inputs, entry }: { inputs: ImpactInputs; entry: ImpactEntry }) {
  const { actual, currency, weeks, service, environment } = inputs;
  const figures = ({ orders, revenueMinor, failedPayments, visitors }: BusinessSums, isSeen = true) =>
    [orders, moneyWords(revenueMinor, currency), failedPayments, isSeen ? visitors : 'not kept'].map(
      (value, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: columns, which stay where they are
        <td key={index} className={cell}>
          {value}
        </td>
      ),
    );
  return (
    <details>
      <summary className={summary}>How it was reckoned</summary>
      <p className="mb-2 text-s text-pretty text-muted">
        Of {service} / {environment}, {formatUtc(entry.from)} to {formatUtc(entry.until)}. Lost is what is
        missing of the least and of the most that came in during the same hours of the weeks before. Users
        affected are at least those who stayed away, at most all who were there or would have been.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="overflow-x-auto" tabIndex={0} aria-label="What it was reckoned from">
        <table className="w-full text-s">
          <thead>
            <tr className="text-muted">
              {['When', 'Orders', 'Revenue', 'Failed payments', 'Visitors'].map((title) => (
                <th key={title} scope="col" className={`${cell} font-normal`}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            <tr className="font-medium">
              <th scope="row" className={cell}>
                Then
              </th>
              {figures(actual)}
            </tr>
            {weeks.map(({ weeksBefore, from, sums, leftOut, visitsLeftOut }) => (
              <tr key={weeksBefore}>
                <th scope="row" className={`${cell} font-normal`} title={formatUtc(from)}>
                  {weeksBefore} week{weeksBefore === 1 ? '' : 's'} before
                </th>
                {sums ? (
                  figures(sums, visitsLeftOut === null)
                ) : (
                  <td colSpan={4} className="px-1.5 py-1 text-muted">
                    Left out. {leftOut}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="mt-2 text-s text-muted">
        Method {entry.method}, version {entry.methodVersion}; read at {formatUtc(inputs.measuredAt)}.
      </p>
    </details>
  );
}

/** Says what it cost instead of the estimate, and why. */
function OverrideForm({ parts, impact }: { parts: FormParts; impact: IncidentImpact }) {
  const { blockedBy, failure } = parts;
  const { current, source, history } = impact;
  const currency = current?.currency ?? source?.currency ?? '';
  const field = (name: string, known: string | number | null | undefined) => {
    const refused = refusedField(failure, 'impact', name);
    const isRefused = failure?.intent === 'impact';
    return { ...refused, defaultValue: isRefused ? refused.defaultValue : String(known ?? '') };
  };
  const amount = (minor: number | null | undefined) =>
    minor === null || minor === undefined || currency === '' ? '' : decimalOf(minor, currency);
  return (
    <details open={failure?.intent === 'impact'}>
      <summary className={summary}>Say otherwise</summary>
      <IncidentForm intent="impact" parts={parts}>
        <input type="hidden" name="seen" value={history[0]?.id ?? '0'} />
        <div className="grid grid-cols-2 gap-3">
          <TextField
            label="Lost, at least"
            inputMode="decimal"
            autoComplete="off"
            {...field('revenueLow', amount(current?.revenueLowMinor))}
          />
          <TextField
            label="Lost, at most"
            inputMode="decimal"
            autoComplete="off"
            {...field('revenueHigh', amount(current?.revenueHighMinor))}
          />
          <TextField
            label="Currency"
            maxLength={3}
            autoComplete="off"
            placeholder="EUR"
            className="col-span-2"
            {...field('currency', currency)}
          />
          <TextField
            label="Users, at least"
            inputMode="numeric"
            autoComplete="off"
            {...field('usersLow', current?.usersLow)}
          />
          <TextField
            label="Users, at most"
            inputMode="numeric"
            autoComplete="off"
            {...field('usersHigh', current?.usersHigh)}
          />
        </div>
        <TextField
          label="How you know"
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          hint="What is left empty stays as it was last said."
          {...field('reason', '')}
        />
        <Button type="submit" aria-busy={useBusyIntent() === 'impact'} blockedBy={blockedBy}>
          Say so
        </Button>
      </IncidentForm>
    </details>
  );
}
