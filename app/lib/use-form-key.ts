import { useLocation, useNavigation } from '@remix-run/react';
import { useEffect, useRef, useState } from 'react';

/**
 * The key of a form that begins anew after each move and each submission of its own intents, and keeps what is typed in it
 * whatever else the page reads meanwhile or sends.
 */
export function useFormKey(...intents: string[]): string {
  const { key } = useLocation();
  const { state, formData } = useNavigation();
  const [own, setOwn] = useState(key);
  const isOfOthers = useRef(false);
  const intent = formData?.get('intent');
  useEffect(() => {
    if (state !== 'idle')
      isOfOthers.current = intent !== undefined && (intent === null || !intents.includes(String(intent)));
  });
  useEffect(() => {
    if (!isOfOthers.current) setOwn(key);
  }, [key]);
  return own;
}
