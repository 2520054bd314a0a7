import { createHash } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express';
import stableStringify from 'safe-stable-stringify';
import { HANDLERS, type Handler } from '#server/api/handlers';
import { describeApi } from '#server/api/openapi';
import type { Operation } from '#server/api/operation';
import { OPERATIONS, type OperationId } from '#server/api/operations';
import { authorize } from '#server/auth/guard';
import { webContextOf } from '#server/http/authenticate';
import { parseJson } from '#server/http/json';
import { createRateLimits } from '#server/http/rate-limit';
import { refuseUnknown } from '#server/http/refuse';
import { ANONYMOUS, type App, type Ctx, type IdempotencyInfo } from '#server/platform/context';
import { AppError } from '#server/platform/errors';

/** Where the API lives; a change that breaks callers would get another number. */
export const API_ROOT = '/api/v1';

type Fields = Record<string, unknown>;

interface Call {
  id: OperationId;
  operation: Operation;
  handler: Handler;
}

/**
 * Serves every operation of the table below {@link API_ROOT}, and the document that describes them. Callers bring a token
 * or, from pages of this console, the session of a browser.
 */
export function createApi(app: App): Router {
  const api = express.Router({ caseSensitive: true, strict: true });
  const limits = createRateLimits({
    signedIn: app.env.API_REQUESTS_PER_MINUTE,
    anonymous: app.env.API_ANONYMOUS_PER_MINUTE,
  });

  api.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  api.use(async (req, res, next) => {
    try {
      await limits.count(await callerOf(app, req, res, limits.count), res);
      next();
    } catch (error) {
      next(error);
    }
  });
  for (const [path, calls] of callsByPath()) {
    api.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), async (req, res, next) => {
      try {
        const call = calls.get(req.method === 'HEAD' ? 'GET' : req.method);
        if (!call) throw wrongMethod(res, [...calls.keys()]);
        await answer(await callerOf(app, req, res), call, req, res);
      } catch (error) {
        next(error);
      }
    });
  }
  api.all('/openapi.json', (req, res, next) => {
    if (req.method === 'GET' || req.method === 'HEAD') res.json(describeApi());
    else next(wrongMethod(res, ['GET']));
  });
  api.use((_req, _res, next) => next(new AppError('not_found', 'There is no such endpoint.')));
  const onError: ErrorRequestHandler = (error, req, res, _next) => {
    if (error instanceof AppError && error.kind === 'unauthenticated' && !res.hasHeader('WWW-Authenticate')) {
      res.setHeader('WWW-Authenticate', 'Bearer');
    }
    // The sender is gone in the middle of its body: there is nobody to answer.
    if (req.destroyed && !req.complete) res.destroy();
    else refuseUnknown(req, res, error);
  };
  api.use(onError);
  return api;
}

/** The context of the caller; who brings a token that opens nothing is counted by address before the refusal. */
async function callerOf(
  app: App,
  req: Request,
  res: Response,
  onStranger?: (ctx: Ctx, res: Response) => Promise<void>,
): Promise<Ctx> {
  try {
    return (await webContextOf(app, req, res)).ctx;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'unauthenticated') {
      await onStranger?.(app.for(ANONYMOUS, { ipAddress: req.ip ?? null }), res);
    }
    throw error;
  }
}

function callsByPath(): Map<string, Map<string, Call>> {
  const paths = new Map<string, Map<string, Call>>();
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const id = name as OperationId;
    const calls = paths.get(operation.path) ?? new Map<string, Call>();
    calls.set(operation.method.toUpperCase(), {
      id,
      operation: operation as unknown as Operation,
      handler: HANDLERS[id],
    });
    paths.set(operation.path, calls);
  }
  return paths;
}

async function answer(caller: Ctx, call: Call, req: Request, res: Response): Promise<void> {
  const { id, operation, handler } = call;
  // Before the body is read: strangers make nobody work.
  authorize(caller, handler.access, id);
  const input = await readInput(operation, req);
  const idempotency = handler.operation === 'command' ? readKey(caller, call, input, req, res) : null;
  const ctx = idempotency ? caller.as(caller.actor, { idempotency }) : caller;
  const output = await handler(ctx, input);
  if (operation.location) res.setHeader('Location', locationOf(operation.location, output, input));
  res.status(operation.status);
  if (operation.status === 204) res.end();
  else res.json(output);
}

/**
 * The fields of path and query or body in one object, checked for their names; what they hold is checked by the command
 * or query. @throws AppError `invalid_input` or `unsupported_media_type`
 */
async function readInput(operation: Operation, req: Request): Promise<Fields> {
  const names = Object.keys(operation.input._zod.def.shape);
  const fromPath: Fields = { ...req.params };
  const rest = names.filter((name) => !Object.hasOwn(fromPath, name));
  if (operation.method === 'get') return { ...readQuery(rest, req.query), ...fromPath };
  assertKnown([], Object.keys(req.query), 'the query');
  const body = await readBody(req);
  assertKnown(rest, Object.keys(body), 'the body', Object.keys(fromPath));
  return { ...body, ...fromPath };
}

function readQuery(names: string[], query: Fields): Fields {
  assertKnown(names, Object.keys(query), 'the query');
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) throw badFields('the query', [name], 'Given more than once.');
  }
  return { ...query };
}

async function readBody(req: Request): Promise<Fields> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return {};
  const type = req.get('content-type') ?? '';
  const encoding = req.get('content-encoding') ?? 'identity';
  const isJson = /^application\/json *(; *charset="?utf-8"?)? *$/i.test(type);
  if (!isJson || encoding.toLowerCase() !== 'identity') {
    throw new AppError(
      'unsupported_media_type',
      `A body of the type "${type.slice(0, 100)}"${isJson ? `, encoded as "${encoding.slice(0, 100)}",` : ''} is not read here. Nothing was changed.`,
      { hint: 'Send `Content-Type: application/json`, in UTF-8 and not compressed.' },
    );
  }
  const body = parseJson(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_input', 'The body is no JSON object. Nothing was changed.', {
      hint: 'Send one JSON object.',
    });
  }
  return body as Fields;
}

/** @throws AppError naming each field that is not known there */
function assertKnown(known: string[], names: string[], place: string, inPath: string[] = []): void {
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length === 0) return;
  const isOfPath = strange.every((name) => inPath.includes(name));
  throw badFields(
    place,
    strange,
    isOfPath ? 'The address says this; leave it out.' : 'There is no such field here.',
  );
}

function badFields(place: string, names: string[], message: string): AppError {
  const shown = names.slice(0, 20).map((name) => name.slice(0, 100));
  return new AppError(
    'invalid_input',
    `This input cannot be used: ${shown.map((name) => `"${name}"`).join(', ')} in ${place}: ${message} Nothing was changed.`,
    { fields: Object.fromEntries(shown.map((name) => [name, [message]])) },
  );
}

/**
 * The key under which the answer is kept, when the sender gave one. Calls that are open to anyone have none: nobody is
 * known who could own it, and their input is a password.
 */
function readKey(
  caller: Ctx,
  { id, handler }: Call,
  input: Fields,
  req: Request,
  res: Response,
): IdempotencyInfo | null {
  const key = req.get('idempotency-key');
  if (key === undefined || handler.access === 'anyone' || caller.actor.type === 'anonymous') return null;
  if (!/^[\x21-\x7e]{8,200}$/.test(key)) {
    throw new AppError(
      'invalid_input',
      'The Idempotency-Key cannot be used: 8 to 200 visible ASCII characters. Nothing was changed.',
      { fields: { 'Idempotency-Key': ['Send 8 to 200 visible ASCII characters.'] } },
    );
  }
  return {
    key,
    operation: id,
    fingerprint: createHash('sha256')
      .update(`${id}\0${stableStringify(input)}`)
      .digest('hex'),
    onReplay: () => res.setHeader('Idempotent-Replayed', 'true'),
  };
}

function locationOf(template: string, output: unknown, input: Fields): string {
  const known = { ...input, ...(output as Fields) };
  return (
    API_ROOT + template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(known[name])))
  );
}

function wrongMethod(res: Response, methods: string[]): AppError {
  const allowed = methods.includes('GET') ? ['GET', 'HEAD', ...methods.filter((m) => m !== 'GET')] : methods;
  res.setHeader('Allow', allowed.join(', '));
  return new AppError('method_not_allowed', `This address takes ${allowed.join(', ')}. Nothing was changed.`);
}
