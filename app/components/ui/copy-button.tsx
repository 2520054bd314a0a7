import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useHydrated } from '#app/lib/clock';
import { cn } from '#app/lib/cn';

/** Copies `text`; says so for two seconds. Absent where nothing can be copied: without JavaScript or on plain http. */
export function CopyButton({ text, what, className }: { text: string; what: string; className?: string }) {
  const isHydrated = useHydrated();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  if (!isHydrated || !navigator.clipboard) return null;
  const Icon = done ? Check : Copy;
  const label = done ? `Copied ${what}` : `Copy ${what}`;
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={label}
      className={cn(
        'inline-grid size-6 place-items-center rounded-s text-faint hover:bg-hover hover:text-ink touch:size-11',
        className,
      )}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setDone(true))}
    >
      <Icon aria-hidden="true" size={13} />
    </button>
  );
}
