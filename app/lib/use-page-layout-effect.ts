import { useEffect, useLayoutEffect } from 'react';

/** Runs before the page is painted. On the server, where nothing is, it does nothing and React need not warn of it. */
export const usePageLayoutEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;
