import { CalendarClock } from 'lucide-react';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { Occurrence } from '#app/deployments/freeze-times';
import { cn } from '#app/lib/cn';
import type { FreezePreview } from '#server/deployments/freezes/contract';

/** When the freeze that is being declared would apply. */
export function FreezePreviewBox({
  preview,
  timeZone,
  isLoading,
}: {
  preview: FreezePreview | null;
  timeZone: string;
  isLoading: boolean;
}) {
  const problems = Object.values(preview?.fields ?? {}).flat();
  return (
    <Section
      title="It would apply"
      note={preview?.next.length ? timeZone : null}
      className="lg:sticky lg:top-16"
    >
      <div aria-live="polite" className={cn('transition-opacity', isLoading && 'opacity-60')}>
        {preview?.next.length ? (
          <ol className="grid gap-2.5">
            {preview.next.map((times, index) => (
              <li key={times.startsAt}>
                <Occurrence
                  times={times}
                  zone={timeZone}
                  note={
                    index === 0 && preview.isActive ? (
                      <span className="font-semibold text-warning">at once</span>
                    ) : (
                      <RelativeTime at={times.startsAt} />
                    )
                  }
                />
              </li>
            ))}
          </ol>
        ) : problems.length > 0 ? (
          <ul className="grid gap-1 text-muted">
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        ) : (
          <EmptyState icon={CalendarClock} title="No times yet">
            Say when, and its next times appear here before anything is declared.
          </EmptyState>
        )}
      </div>
    </Section>
  );
}
