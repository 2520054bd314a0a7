import { useEffect } from 'react';
import { Toaster as Sonner, toast as show } from 'sonner';
import { usePreferences } from '#app/components/layout/root-data';
import type { Toast } from '#app/http/toast.server';

const SHOWN = 'ops-toast';

/** Whether this tab has shown the toast before; from now on it has. Where nothing can be kept, it has not. */
function wasShown(id: string): boolean {
  try {
    if (sessionStorage.getItem(SHOWN) === id) return true;
    sessionStorage.setItem(SHOWN, id);
  } catch {
    // Storage may be switched off.
  }
  return false;
}

/** Shows each toast once. Default export because it is loaded lazily. */
export default function Toaster({ toast }: { toast: Toast | null }) {
  const { theme } = usePreferences();
  useEffect(() => {
    if (toast && !wasShown(toast.id)) show[toast.kind](toast.message, { id: toast.id });
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
