import { CircleCheck } from 'lucide-react';
import { Section } from '#app/components/ui/section';
import { formatDuration, formatUtc, plural } from '#app/lib/format';
import type { RulePreview } from '#server/monitoring/rules/contract';

/** What a rule would have done in the last days. */
export function PreviewBox({ preview }: { preview: RulePreview }) {
  const days = Math.round((Date.parse(preview.to) - Date.parse(preview.from)) / 86_400_000);
  const fired =
    preview.total === 0 ? 'Would never have fired' : `Would have fired ${plural(preview.total, 'time')}`;
  return (
    <Section title={`${fired} in the last ${plural(days, 'day')}`}>
      <div className="grid gap-4" data-preview>
        <p className="text-pretty break-words text-muted">{preview.words}</p>
        {preview.places.map((place) => (
          <div key={`${place.service}/${place.environment}`} className="grid gap-1.5">
            <h3 className="text-m">
              {place.service} / {place.environment}
            </h3>
            {place.stepsWithData === 0 ? (
              <p className="text-muted">Nothing is stored that it could be tried on.</p>
            ) : place.firings.length === 0 ? (
              <p className="flex items-center gap-1.5 text-muted">
                <CircleCheck aria-hidden="true" size={15} className="text-ok" />
                Never.
              </p>
            ) : (
              <ol className="grid gap-1">
                {place.firings.map((firing) => (
                  <li key={firing.firedAt} className="flex flex-wrap gap-x-3">
                    <span className="whitespace-nowrap">{formatUtc(firing.firedAt)}</span>
                    <span className="text-muted">
                      {firing.resolvedAt
                        ? `for ${formatDuration(Date.parse(firing.resolvedAt) - Date.parse(firing.firedAt))}`
                        : 'and on'}
                    </span>
                  </li>
                ))}
              </ol>
            )}
            {place.total > place.firings.length ? (
              <p className="text-s text-muted">The first {place.firings.length} of them.</p>
            ) : null}
          </div>
        ))}
        {preview.places.length === 0 ? <p className="text-muted">It looks at no environment.</p> : null}
        {preview.limitation ? <p className="text-s text-pretty text-muted">{preview.limitation}</p> : null}
      </div>
    </Section>
  );
}
