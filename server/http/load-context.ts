import type { Session } from '#server/auth/session';
import type { CookiePlace } from '#server/http/cookies';
import type { App, Ctx } from '#server/platform/context';

/** What a request brings to page loaders and actions, and to the endpoints beside the pages. */
export type WebContext = {
  readonly app: App;
  /** Acts as the signed-in person, as the person of a token, or as nobody. */
  readonly ctx: Ctx;
  /** Null for nobody and for the caller with a token. */
  readonly session: Session | null;
  /** Allows this response's own inline scripts under the content security policy. */
  readonly nonce: string;
  /** The method of the HTTP request; a page's loaders see GET even when they render the answer to a POST. */
  readonly method: string;
  /** Over https (directly or through a trusted proxy) or not, and at which console: names the cookies. */
  readonly place: CookiePlace;
  /** Sets a header of the HTTP response, whatever the page answers. */
  setHeader(name: string, value: string): void;
};
