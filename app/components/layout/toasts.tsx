import { lazy, Suspense, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { Notice } from '#app/components/ui/notice';
import type { Toast } from '#app/http/toast.server';
import { useHydrated } from '#app/lib/clock';

const Toaster = lazy(() => import('#app/components/layout/toaster'));

const TONE = { success: 'ok', info: 'info', warning: 'warning', error: 'critical' } as const;

/** What the last write has to say. Its library is fetched when there is something to say; without JavaScript it is a line. */
export function Toasts({ toast }: { toast: Toast | null }) {
  const isHydrated = useHydrated();
  const [isWanted, setWanted] = useState(false);
  useEffect(() => {
    if (toast) setWanted(true);
  }, [toast]);
  return (
    <>
      {toast && !isHydrated ? (
        <noscript>
          <div className="pb-4">
            <Notice tone={TONE[toast.kind]} title={toast.message} />
          </div>
        </noscript>
      ) : null}
      {/* Beside the page, not in it: a toast is no part of what <main> holds. */}
      {isWanted
        ? createPortal(
            <Suspense fallback={null}>
              <Toaster toast={toast} />
            </Suspense>,
            document.body,
          )
        : null}
    </>
  );
}
