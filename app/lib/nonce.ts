import { createContext, useContext } from 'react';

/** The nonce of the response being rendered on the server; empty in the browser, where no script is written. */
export const NonceContext = createContext<string | undefined>(undefined);

export function useNonce(): string | undefined {
  return useContext(NonceContext);
}
