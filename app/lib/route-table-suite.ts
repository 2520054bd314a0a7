import routes from '#app/routes';

interface ConfiguredRoute {
  path?: string | undefined;
  children?: readonly ConfiguredRoute[] | undefined;
}

/** Addresses that are answered beside the pages. */
const BESIDE_THE_PAGES = ['/api/health', '/api/v1/openapi.json', '/status'];

/** True when a page, or what is beside the pages, answers at this address; the page that says there is none does not count. */
export function isAnswered(href: string): boolean {
  const { pathname } = new URL(href, 'http://console.invalid');
  return (
    BESIDE_THE_PAGES.includes(pathname) || patterns(routes, '').some((pattern) => pattern.test(pathname))
  );
}

function patterns(entries: readonly ConfiguredRoute[], prefix: string): RegExp[] {
  return entries.flatMap(({ path = '', children = [] }) => {
    if (path === '*') return [];
    const whole = path ? `${prefix}/${path}` : prefix;
    const source = (whole || '/').replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+');
    return [new RegExp(`^${source}$`), ...patterns(children, whole)];
  });
}
