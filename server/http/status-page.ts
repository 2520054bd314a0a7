import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { ownOrigin } from '#server/http/same-origin';
import type { App } from '#server/platform/context';
import type { CopiedStatus, StatusCopy } from '#server/status/copy';
import { statusFeed, statusJson } from '#server/status/render/feeds';
import { emptyPage, HISTORY_PAGE, historyPage, incidentPage, statusPage } from '#server/status/render/pages';

/** Shared caches may answer for so long; longer only while the console does not. */
const CACHE = 'public, max-age=5, stale-while-revalidate=30, stale-if-error=86400';
const MINUTE_MS = 60_000;
/** Answers that are kept; far more than there are addresses with something to see. */
const MOST_KEPT = 1_000;

interface Answer {
  status: number;
  type: 'html' | 'json' | 'rss';
  body: string;
}

/** An answer as it is sent: made once, then given to everybody. */
interface Packed {
  status: number;
  contentType: string;
  etag: string;
  plain: Buffer;
  zipped: Buffer;
}

const CONTENT_TYPES = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  rss: 'application/rss+xml; charset=utf-8',
} as const;

/** The handlers of the public status page by their addresses. They read the copy alone, never the database. */
export function statusPageHandlers(app: App, copy: StatusCopy): Record<string, RequestHandler> {
  const kept = new Map<string, Packed>();
  let keptFor = '';

  function answer(
    name: string,
    req: Request,
    res: Response,
    make: (current: CopiedStatus, now: Date) => Answer,
  ): void {
    const current = copy.current();
    const now = app.clock.now();
    if (current === null) {
      const words = 'Nothing has been measured yet. Try again in a moment.';
      const body = emptyPage('No status yet', words, { at: now, isStale: false, now });
      res.setHeader('Retry-After', '5');
      send(req, res, pack({ status: 503, type: 'html', body }), 'no-store');
      return;
    }
    const shown = toTheMinute(current, now);
    if (shown.key !== keptFor || kept.size > MOST_KEPT) {
      kept.clear();
      keptFor = shown.key;
    }
    let packed = kept.get(name);
    if (!packed) {
      packed = pack(make(shown.copied, now));
      // Only what there is: addresses of nothing are without number.
      if (packed.status === 200) kept.set(name, packed);
    }
    send(req, res, packed, packed.status === 200 ? CACHE : 'no-store');
  }

  return {
    '/status': (req, res) => answer('now', req, res, (current, now) => page(statusPage(current, now))),
    '/status/history': (req, res) => {
      const asked = Number(req.query.page ?? 1);
      const most = Math.max(1, Math.ceil((copy.current()?.status.incidents.length ?? 0) / HISTORY_PAGE));
      const at = Number.isInteger(asked) && asked >= 1 ? Math.min(asked, most) : 1;
      answer(`history ${at}`, req, res, (current, now) => page(historyPage(current, now, at)));
    },
    '/status/incidents/:number': (req, res) => {
      const number = req.params.number ?? '';
      answer(`incident ${number}`, req, res, (current, now) => {
        const { at, isStale, status } = current;
        if (!/^\d{1,9}$/.test(number)) {
          const words = 'Incidents have numbers, like 7. Open one from the history.';
          return page(emptyPage('This is no incident', words, { at, isStale, now }), 400);
        }
        const incident = status.incidents.find((each) => each.number === Number(number));
        if (incident) return page(incidentPage(current, now, incident));
        const words = 'The public was told of no incident of this number.';
        return page(emptyPage('There is no such incident', words, { at, isStale, now }), 404);
      });
    },
    '/status.json': (req, res) =>
      answer('json', req, res, (current) => ({ status: 200, type: 'json', body: statusJson(current) })),
    '/status.rss': (req, res) => {
      const origin = app.env.PUBLIC_URL ? new URL(app.env.PUBLIC_URL).origin : ownOrigin(req);
      answer(`rss ${origin}`, req, res, (current) => ({
        status: 200,
        type: 'rss',
        body: statusFeed(current, origin),
      }));
    },
  };
}

/**
 * What is shown changes with what it says and with the minute, not with each reading, so that a browser's copy stays good
 * meanwhile; of a stale one the age goes on.
 */
function toTheMinute(current: CopiedStatus, now: Date): { key: string; copied: CopiedStatus } {
  const minute = (at: Date) => Math.floor(at.getTime() / MINUTE_MS);
  const copied = current.isStale ? current : { ...current, at: new Date(minute(current.at) * MINUTE_MS) };
  const content = hashOf(current.status);
  return {
    key: [content, minute(current.at), current.isStale ? minute(now) : ''].join(' '),
    copied,
  };
}

const hashes = new WeakMap<object, string>();

function hashOf(status: object): string {
  const known = hashes.get(status);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(JSON.stringify(status)).digest('base64url');
  hashes.set(status, hash);
  return hash;
}

function page(body: string, status = 200): Answer {
  return { status, type: 'html', body };
}

function pack({ status, type, body }: Answer): Packed {
  const plain = Buffer.from(body);
  return {
    status,
    contentType: CONTENT_TYPES[type],
    etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 27)}"`,
    plain,
    zipped: gzipSync(plain),
  };
}

function send(req: Request, res: Response, packed: Packed, cache: string): void {
  res.status(packed.status);
  res.setHeader('Cache-Control', cache);
  res.setHeader('Vary', 'Accept-Encoding');
  res.setHeader('ETag', packed.etag);
  if (packed.status === 200 && req.fresh) {
    res.status(304).end();
    return;
  }
  const isZipped = req.acceptsEncodings('gzip', 'identity') === 'gzip';
  const body = isZipped ? packed.zipped : packed.plain;
  res.setHeader('Content-Type', packed.contentType);
  res.setHeader('Content-Length', body.length);
  if (isZipped) res.setHeader('Content-Encoding', 'gzip');
  if (req.method === 'HEAD') res.end();
  else res.end(body);
}
