import type { MetaDescriptor } from '@remix-run/node';
import { overallSign } from '#app/components/layout/environment-sign';
import type { RootData } from '#app/components/layout/root-data';

interface MetaArgs {
  matches: readonly ({ id: string; data?: unknown } | undefined)[];
}

/** The `<title>` of a page: what it shows, the product, and ● in front while something needs a person. */
export function pageTitle({ matches }: MetaArgs, title: string): MetaDescriptor[] {
  const root = matches.find((match) => match?.id === 'root')?.data as RootData | undefined;
  const sign = overallSign(root?.environments ?? []) === 'critical' ? '● ' : '';
  return [{ title: `${sign}${title} · HerbisVeritas Ops` }];
}
