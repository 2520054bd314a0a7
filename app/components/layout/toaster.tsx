import { useEffect } from 'react';
import { Toaster as Sonner, toast as show } from 'sonner';
import { usePreferences } from '#app/components/layout/root-data';
import type { Toast } from '#app/http/toast.server';

const SHOWN = 'ops-toasts';
/** More than one browser is told within the minute that a toast is kept. */
const REMEMBERED = 20;

/** Whether a tab of this browser has shown the toast before; from now on one has. Where nothing can be kept, none has. */
function wasShown(id: string): boolean {
  try {
    const ids = (localStorage.getItem(SHOWN) ?? '').split(' ');
    if (ids.includes(id)) return true;
    localStorage.setItem(SHOWN, [id, ...ids].slice(0, REMEMBERED).join(' '));
  } catch {
    // Storage may be switched off.
  }
  return false;
}

/** A tab that nobody looks at leaves the toast to the one in which the person acts. */
function isMine(id: string): boolean {
  return document.visibilityState === 'visible' && !wasShown(id);
}

/** Shows each toast once. Default export because it is loaded lazily. */
export default function Toaster({ toast }: { toast: Toast | null }) {
  const { theme } = usePreferences();
  useEffect(() => {
    if (toast && isMine(toast.id)) show[toast.kind](toast.message, { id: toast.id });
  }, [toast]);
  return (
    <Sonner
      theme={theme}
      position="bottom-right"
      offset={16}
      mobileOffset={{ bottom: 72 }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-[min(22rem,calc(100vw-2rem))] items-center gap-2.5 rounded-l bg-surface px-3.5 py-3 text-m text-ink shadow-float',
          success: '[&_svg]:text-ok',
          info: '[&_svg]:text-info',
          warning: '[&_svg]:text-warning',
          error: '[&_svg]:text-critical',
        },
      }}
    />
  );
}
