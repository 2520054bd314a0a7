/**
 * @template H
 * @typedef {{ method: string, pattern: string, handler: H, page?: boolean }} Route
 */

/**
 * Finds the route of a request. `:name` in a pattern matches one segment.
 * @template H
 * @param {Route<H>[]} routes
 * @param {string} method HEAD is served as GET
 * @param {string} path
 * @returns {{ route: Route<H>, params: Record<string, string> } | { allowed: string[] }} without a match, the methods
 *   that the path accepts
 */
export function matchRoute(routes, method, path) {
  const allowed = [];
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const route of routes) {
    const params = matchPattern(route.pattern, path);
    if (!params) continue;
    if (route.method === wanted) return { route, params };
    allowed.push(route.method);
  }
  return { allowed };
}

/**
 * @param {string} pattern
 * @param {string} path
 */
function matchPattern(pattern, path) {
  const expected = pattern.split('/');
  const actual = path.split('/');
  if (expected.length !== actual.length) return null;
  const params = /** @type {Record<string, string>} */ ({});
  for (const [index, part] of expected.entries()) {
    const segment = actual[index] ?? '';
    if (part.startsWith(':')) {
      if (segment === '') return null;
      params[part.slice(1)] = segment;
    } else if (part !== segment) return null;
  }
  return params;
}
