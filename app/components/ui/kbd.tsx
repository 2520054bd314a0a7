import type { ReactNode } from 'react';

/** A key to press. Hidden where there is no keyboard to speak of. */
export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="hidden h-5 min-w-5 items-center justify-center rounded-s border border-line bg-sunken px-1 font-sans text-s text-muted md:inline-flex touch:hidden">
      {children}
    </kbd>
  );
}
