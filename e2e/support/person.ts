import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Role } from '#server/auth/contract';
import { DEMO_PEOPLE } from '#server/auth/demo';
import { ROOT } from './console';

const AUTH_FOLDER = path.join(ROOT, 'test-results/e2e-auth');

/** Where the global setup keeps the session of a role, in Playwright's storage format. */
export function sessionFile(role: Role): string {
  return path.join(AUTH_FOLDER, `${role}.json`);
}

export interface Answer {
  status: number;
  /** The path of `Location`; null where there is none. */
  location: string | null;
  text: string;
  headers: Headers;
}

/** Somebody who uses the console by plain HTTP, as a browser without JavaScript does. */
export class Person {
  readonly origin: string;
  readonly #cookie: string;

  constructor(origin: string, cookie: string) {
    this.origin = origin;
    this.#cookie = cookie;
  }

  get(page: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(page, { headers });
  }

  /** Sends a form from a page of the console, or from wherever `headers.Origin` says. */
  post(page: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(page, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { Origin: this.origin, ...headers },
    });
  }

  async #send(page: string, init: RequestInit & { headers: Record<string, string> }): Promise<Answer> {
    const response = await fetch(`${this.origin}${page}`, {
      ...init,
      redirect: 'manual',
      headers: { Accept: 'text/html', Cookie: this.#cookie, ...init.headers },
      signal: AbortSignal.timeout(20_000),
    });
    const location = response.headers.get('location');
    return {
      status: response.status,
      location: location && new URL(location, this.origin).pathname,
      text: await response.text(),
      headers: response.headers,
    };
  }
}

/** Signs in by the login form. @returns the session's cookie as `name=value` @throws Error when it is refused */
export async function signIn(origin: string, role: Role): Promise<string> {
  const person = DEMO_PEOPLE.find((known) => known.role === role);
  const { status, headers } = await new Person(origin, '').post('/login', {
    email: person?.email ?? '',
    password: person?.password ?? '',
  });
  const cookie = headers.getSetCookie().find((value) => /^ops_session_\d+=/.test(value));
  if (status !== 303 || !cookie) throw new Error(`${role} could not sign in: status ${status}`);
  return cookie.split(';')[0] ?? '';
}

/** Somebody of a role, with the session that the global setup opened. */
export function personOf(role: Role, origin: string): Person {
  const stored = JSON.parse(readFileSync(sessionFile(role), 'utf8')) as {
    cookies: { name: string; value: string }[];
  };
  return new Person(origin, stored.cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
}

/** The value of a hidden field of a page. @throws Error when the page has no such field */
export function hiddenField(html: string, name: string): string {
  const input = (html.match(/<input [^>]*>/g) ?? []).find((tag) => tag.includes(`name="${name}"`));
  const value = input && /value="([^"]*)"/.exec(input)?.[1];
  if (value === undefined) throw new Error(`The page has no hidden field ${name}`);
  return value;
}
