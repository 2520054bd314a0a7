import { isApple, keyName, type Shortcut } from '#app/components/shortcuts/registry';
import { useHydrated } from '#app/lib/clock';
import { cn } from '#app/lib/cn';

/** The keys of a shortcut, as they are on the reader's keyboard. */
export function Keys({ shortcut }: { shortcut: Shortcut }) {
  const isHydrated = useHydrated();
  const mod = isHydrated && isApple() ? '⌘' : 'Ctrl';
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      {shortcut.mod ? <Key name={mod} /> : null}
      {shortcut.after ? (
        <>
          <Key name={keyName(shortcut.after)} />
          <span className="text-s text-muted">then</span>
        </>
      ) : null}
      {shortcut.keys.map((key, index) => (
        <span key={key} className="inline-flex items-center gap-1">
          {index > 0 ? <span className="text-s text-muted">or</span> : null}
          <Key name={keyName(key)} />
        </span>
      ))}
    </span>
  );
}

function Key({ name, className }: { name: string; className?: string }) {
  return (
    <kbd
      className={cn(
        'inline-flex h-6 min-w-6 items-center justify-center rounded-s border border-line bg-sunken px-1.5 font-sans text-s text-ink',
        className,
      )}
    >
      {name}
    </kbd>
  );
}
