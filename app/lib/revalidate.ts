import type { ShouldRevalidateFunction } from '@remix-run/react';

/**
 * Reads a page's data again after a refused write too: what was refused because things had changed must show how they
 * stand now. By default a page keeps its data when an action answers 4xx.
 */
export const revalidateAfterRefusal: ShouldRevalidateFunction = ({
  actionStatus,
  defaultShouldRevalidate,
}) => (actionStatus !== undefined && actionStatus >= 400 ? true : defaultShouldRevalidate);
