import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node';
import { boundaryError, type ErrorView, viewOf } from '#app/http/errors.server';
import { bringsFiles, type FormValues, readForm, repetitionOf, withoutSecrets } from '#app/http/form.server';
import { loginPath } from '#app/http/redirect.server';
import { type Access, authorize } from '#server/auth/guard';
import type { WebContext } from '#server/http/load-context';
import type { Ctx } from '#server/platform/context';
import { AppError, type ErrorKind } from '#server/platform/errors';

declare module '@remix-run/server-runtime' {
  interface AppLoadContext extends WebContext {}
}

export interface PageArgs {
  ctx: Ctx;
  context: WebContext;
  params: Record<string, string | undefined>;
  url: URL;
  request: Request;
}

export interface ActionArgs extends PageArgs {
  form: FormValues;
  /** What the form brings beside its fields. */
  files: File[];
}

/** What a refused form gets back as action data; `values` is what the person typed, without passwords. */
export interface ActionFailure {
  error: ErrorView;
  fields: Record<string, string[]>;
  values: FormValues;
  intent: string;
}

/** Refusals after which a person goes on from the form they filled in; the rest go to the error boundary. */
const KEEPS_THE_FORM: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'invalid_input',
  'conflict',
  'stale_plan',
  'unprocessable',
  'locked',
  'rate_limited',
]);

/** The name of the intent of a form that names none. */
const DEFAULT_INTENT = 'default';

/**
 * Makes a route's loader. Anonymous callers of a page that is not for anyone are sent to the login page and back;
 * other refusals reach the error boundary as {@link ErrorView} with their status.
 */
export function protectedLoader<T>(
  spec: { access: Access },
  load: (args: PageArgs) => Promise<T>,
): ((args: LoaderFunctionArgs) => Promise<T>) & { readonly access: Access } {
  const loader = async ({ context, params, request }: LoaderFunctionArgs): Promise<T> => {
    const url = new URL(request.url);
    try {
      // A page rendered as the answer to a write is not redirected, or the person would not learn what became of it.
      if (spec.access !== 'anyone' && !context.session && isRead(context))
        throw redirect(loginPath(url), 303);
      authorize(context.ctx, spec.access, url.pathname);
      return await load({ ctx: context.ctx, context, params, url, request });
    } catch (error) {
      if (isAnswer(error)) throw error;
      throw boundaryError(context, error);
    }
  };
  return Object.assign(loader, { access: spec.access });
}

interface Intent {
  access: Access;
  handle: (args: ActionArgs) => Promise<unknown>;
}

/** What the handlers of a route's intents answer. */
type Handled<I extends Record<string, Intent>> = Awaited<ReturnType<I[keyof I]['handle']>>;

type ActionResult<I extends Record<string, Intent>> = Handled<I> | ReturnType<typeof data<ActionFailure>>;

/**
 * Makes a route's action: one entry per value of the form's `intent` field; a form without one is `default`. A refusal
 * that the person can mend on the form comes back as {@link ActionFailure} with its status; the others reach the error
 * boundary. Nothing is done for an intent that is not listed.
 * @param spec.uploads who may send files: nothing of a form with files is read for anybody else
 */
export function protectedAction<I extends Record<string, Intent>>(spec: {
  intents: I;
  uploads?: Access;
}): ((args: ActionFunctionArgs) => Promise<ActionResult<I>>) & {
  readonly intents: Readonly<Record<string, Access>>;
} {
  const action = async ({ context, params, request }: ActionFunctionArgs) => {
    const url = new URL(request.url);
    let form: FormValues = {};
    let name = DEFAULT_INTENT;
    try {
      if (spec.uploads && bringsFiles(request)) authorize(context.ctx, spec.uploads, `${url.pathname} files`);
      const read = await readForm(request).catch((cause) => {
        throw new AppError('invalid_input', 'This form could not be read. Nothing was changed.', { cause });
      });
      form = read.form;
      const { files } = read;
      name = typeof form.intent === 'string' ? form.intent : DEFAULT_INTENT;
      const intent = Object.hasOwn(spec.intents, name) ? spec.intents[name] : undefined;
      if (!intent) {
        throw new AppError('invalid_input', 'This page has no such action. Nothing was changed.', {
          hint: 'Open the page again and use its buttons.',
        });
      }
      authorize(context.ctx, intent.access, `${url.pathname} ${name}`);
      const idempotency = repetitionOf(url.pathname, form, files);
      const ctx = idempotency ? context.ctx.as(context.ctx.actor, { idempotency }) : context.ctx;
      return await intent.handle({ ctx, context, params, url, request, form, files });
    } catch (error) {
      if (isAnswer(error)) throw error;
      if (error instanceof AppError && KEEPS_THE_FORM.has(error.kind)) {
        const { view, status } = viewOf(context, error);
        return data<ActionFailure>(
          { error: view, fields: view.fields, values: withoutSecrets(form), intent: name },
          { status },
        );
      }
      throw boundaryError(context, error);
    }
  };
  const intents = Object.fromEntries(
    Object.entries(spec.intents).map(([name, { access }]) => [name, access]),
  );
  return Object.assign(action as (args: ActionFunctionArgs) => Promise<ActionResult<I>>, { intents });
}

function isRead(context: WebContext): boolean {
  return context.method === 'GET' || context.method === 'HEAD';
}

/** A redirect or another ready answer that was thrown on purpose. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof Response ||
    (typeof error === 'object' && error !== null && 'type' in error && error.type === 'DataWithResponseInit')
  );
}
