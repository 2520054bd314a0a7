import { isRouteErrorResponse, useLocation, useRouteError } from '@remix-run/react';
import {
  CircleX,
  FileQuestion,
  Hourglass,
  Lock,
  LogIn,
  type LucideIcon,
  ShieldX,
  WifiOff,
} from 'lucide-react';
import { useEffect } from 'react';
import { useRootData } from '#app/components/layout/root-data';
import { LinkButton } from '#app/components/ui/button';
import type { ErrorView } from '#app/http/errors.server';
import { paths } from '#app/lib/paths';
import { isReachable } from '#app/lib/use-safe-revalidate';

interface Account {
  title: string;
  icon: LucideIcon;
  /** What happened and what was not changed. */
  message: string;
  /** What to do. */
  hint: string;
  requestId: string | null;
}

/** What went wrong, what was not changed, what to do now, and the number under which the server's log has it. */
export function ErrorBoundary() {
  const error = useRouteError();
  const location = useLocation();
  const account = accountOf(error);
  useReopenWhenReachable(isLostConnection(error));
  const isSignedOut = isRouteErrorResponse(error) && error.status === 401;
  // The same address would be refused again.
  const isUnusable = isRouteErrorResponse(error) && error.status === 400;
  // Behind the login the frame has the page's main part; before it there is none.
  const Part = useRootData()?.viewer ? 'div' : 'main';
  return (
    <Part className="mx-auto grid max-w-xl justify-items-start gap-3 px-3 py-10 sm:py-16">
      <account.icon aria-hidden="true" size={26} strokeWidth={1.6} className="text-muted" />
      <h1 className="text-l">{account.title}</h1>
      <p role="alert">{account.message}</p>
      <p className="text-muted">{account.hint}</p>
      <div className="mt-2 flex flex-wrap gap-2">
        {isSignedOut ? (
          <LinkButton
            to={paths.login(`${location.pathname}${location.search}`)}
            look="primary"
            reloadDocument
          >
            Sign in
          </LinkButton>
        ) : (
          <LinkButton
            to={isUnusable ? location.pathname : `${location.pathname}${location.search}`}
            reloadDocument
          >
            Open the page again
          </LinkButton>
        )}
        <LinkButton to={paths.overview()} look="quiet" reloadDocument>
          Go to the overview
        </LinkButton>
      </div>
      {account.requestId ? (
        <p className="mt-3 text-s text-muted">
          Request <code className="select-all">{account.requestId}</code>: the server's log has the details
          under it.
        </p>
      ) : null}
    </Part>
  );
}

const ASK_AGAIN_MS = 1_000;

/** How browsers name a read that met no server (Chromium, Firefox, Safari). */
function isLostConnection(error: unknown): boolean {
  return error instanceof TypeError && /failed to fetch|networkerror|load failed/i.test(error.message);
}

function useReopenWhenReachable(isWanted: boolean): void {
  useEffect(() => {
    if (!isWanted) return;
    const timer = setInterval(() => {
      void isReachable().then((reachable) => {
        if (reachable) window.location.reload();
      });
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWanted]);
}

const BY_STATUS: Record<number, { title: string; icon: LucideIcon; hint: string }> = {
  400: { title: 'This cannot be used', icon: CircleX, hint: 'Open the page again and use its own form.' },
  401: { title: 'You are signed out', icon: LogIn, hint: 'Sign in; you come back to this page.' },
  403: { title: 'Not allowed for your role', icon: ShieldX, hint: 'Ask an admin for the role that may.' },
  404: { title: 'Not found', icon: FileQuestion, hint: 'Check the address, or start from the overview.' },
  409: {
    title: 'Things have changed meanwhile',
    icon: Hourglass,
    hint: 'Open the page again to see how they stand.',
  },
  423: { title: 'Locked', icon: Lock, hint: 'Somebody locked this with a reason. Lift the lock first.' },
  429: { title: 'Too many attempts', icon: Hourglass, hint: 'Wait a minute, then try again.' },
  503: { title: 'Not available right now', icon: WifiOff, hint: 'Try again in a moment.' },
};

const UNEXPECTED = {
  title: 'Something broke in the console',
  icon: CircleX,
  hint: 'Try again. If it happens once more, tell the people who run the console, with the request number.',
};

function accountOf(error: unknown): Account {
  if (isRouteErrorResponse(error)) {
    const { title, icon, hint } = BY_STATUS[error.status] ?? UNEXPECTED;
    const view = isErrorView(error.data) ? error.data : null;
    return {
      title,
      icon,
      message:
        view?.message ??
        `The server answered ${error.status}${error.statusText ? ` ${error.statusText}` : ''}.`,
      hint: view?.hint ?? hint,
      requestId: view?.requestId ?? null,
    };
  }
  if (isLostConnection(error)) {
    return {
      title: 'No connection to the console',
      icon: WifiOff,
      message: 'The console did not answer. If you had just confirmed something, it may have arrived or not.',
      hint: 'The page opens again by itself as soon as the console answers. Look before you repeat what you did.',
      requestId: null,
    };
  }
  return {
    ...UNEXPECTED,
    message: 'This page could not be shown. Runs are not touched by that: they go on in their own process.',
    requestId: null,
  };
}

function isErrorView(data: unknown): data is ErrorView {
  return typeof data === 'object' && data !== null && 'message' in data && 'requestId' in data;
}
