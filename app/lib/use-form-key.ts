import { useLocation, useNavigation } from '@remix-run/react';
import { useEffect, useRef, useState } from 'react';

/**
 * The key of a form that begins anew after each move and each submission of its own intents, and keeps what is typed in it
 * whatever else the page reads meanwhile or sends.
 */
export function useFormKey(...intents: string[]): string {
  return useKeyAfter((sent) => sent === undefined || intents.includes(String(sent.get('intent'))));
}

/** The key of what begins anew after the moves and submissions that are its own; a move sends nothing. */
export function useKeyAfter(isOwn: (sent: FormData | undefined) => boolean): string {
  const { key } = useLocation();
  const { state, formData } = useNavigation();
  const [own, setOwn] = useState(key);
  const isOfOthers = useRef(false);
  useEffect(() => {
    if (state !== 'idle') isOfOthers.current = !isOwn(formData);
  });
  useEffect(() => {
    if (!isOfOthers.current) setOwn(key);
  }, [key]);
  return own;
}
