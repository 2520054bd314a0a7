import { type ReactNode, useEffect, useRef } from 'react';
import { cn } from '#app/lib/cn';

/**
 * A disclosure that floats: opens and closes without JavaScript; with it, Escape and a click elsewhere close it too and
 * focus goes back to what opened it.
 */
export function Menu({
  label,
  trigger,
  triggerClassName,
  align = 'start',
  side = 'below',
  className,
  children,
}: {
  /** What it is, for screen readers. */
  label: string;
  trigger: ReactNode;
  triggerClassName?: string;
  align?: 'start' | 'end';
  side?: 'below' | 'above';
  className?: string;
  children: ReactNode;
}) {
  const root = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (returnFocus: boolean) => {
      const element = root.current;
      if (!element?.open) return;
      element.open = false;
      if (returnFocus) element.querySelector('summary')?.focus();
    };
    const pressed = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && root.current?.contains(document.activeElement)) close(true);
    };
    const followed = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (link && root.current?.contains(link)) close(false);
    };
    document.addEventListener('pointerdown', pressed);
    document.addEventListener('keydown', key);
    document.addEventListener('click', followed);
    return () => {
      document.removeEventListener('pointerdown', pressed);
      document.removeEventListener('keydown', key);
      document.removeEventListener('click', followed);
    };
  }, []);
  return (
    <details ref={root} className="group/menu relative">
      <summary
        aria-label={label}
        className={cn(
          'hit flex items-center gap-1.5 rounded-m px-2 select-none hover:bg-hover',
          triggerClassName,
        )}
      >
        {trigger}
      </summary>
      <div
        className={cn(
          'absolute z-40 min-w-52 animate-appear rounded-l bg-surface p-1 shadow-float',
          align === 'end' ? 'right-0' : 'left-0',
          side === 'above' ? 'bottom-full mb-1' : 'top-full mt-1',
          className,
        )}
      >
        {children}
      </div>
    </details>
  );
}

export const MENU_ITEM =
  'hit flex w-full items-center gap-2 rounded-m px-2 text-left no-underline hover:bg-hover aria-[current=true]:bg-herb-soft aria-[current=page]:bg-herb-soft';
