import {
  createReadableStreamFromReadable,
  type EntryContext,
  type HandleErrorFunction,
} from '@remix-run/node';
import { isRouteErrorResponse, RemixServer } from '@remix-run/react';
import { isbot } from 'isbot';
import { renderToPipeableStream } from 'react-dom/server';
import { PageBody } from '#app/http/page-body.server';
import { NonceContext } from '#app/lib/nonce';
import type { WebContext } from '#server/http/load-context';

/** Time after which a page that still waits for data is cut off, ms. */
const STREAM_TIMEOUT_MS = 10_000;

export const streamTimeout = STREAM_TIMEOUT_MS - 1_000;

/** Renders a page: at once and streaming for people, whole for crawlers and link previews. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remix: EntryContext,
  context: WebContext,
): Promise<Response> {
  const waitsForAll = isbot(request.headers.get('user-agent') ?? '');
  return new Promise((resolve, reject) => {
    let answerStatus = status;
    let started = false;
    const send = () => {
      started = true;
      const body = new PageBody();
      headers.set('Content-Type', 'text/html; charset=utf-8');
      resolve(new Response(createReadableStreamFromReadable(body), { headers, status: answerStatus }));
      stream.pipe(body);
    };
    const stream = renderToPipeableStream(
      <NonceContext.Provider value={context.nonce}>
        <RemixServer context={remix} url={request.url} nonce={context.nonce} abortDelay={STREAM_TIMEOUT_MS} />
      </NonceContext.Provider>,
      {
        nonce: context.nonce,
        onShellReady: () => {
          if (!waitsForAll) send();
        },
        onAllReady: () => {
          if (waitsForAll) send();
        },
        onShellError: reject,
        onError: (error) => {
          answerStatus = 500;
          // Before the shell the rejection reports it.
          if (started) context.ctx.log.error({ err: error }, 'a page failed while it was rendered');
        },
      },
    );
    setTimeout(() => stream.abort(), STREAM_TIMEOUT_MS).unref();
  });
}

/** Logs what no route expected; refusals are not logged here, and neither is a reader who went away. */
export const handleError: HandleErrorFunction = (error, { request, context }) => {
  if (request.signal.aborted || isRouteErrorResponse(error)) return;
  context.ctx.log.error({ err: error, path: new URL(request.url).pathname }, 'a page failed');
};
