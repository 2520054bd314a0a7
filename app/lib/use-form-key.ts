import { useLocation, useNavigation } from '@remix-run/react';
import { useEffect, useRef, useState } from 'react';

/**
 * The key of a form that begins anew after each move and each submission of its own intents, and keeps what is typed in it
 * whatever else the page reads meanwhile or sends.
 */
export function useFormKey(...intents: string[]): string {
  return useOwnKey((form) => intents.includes(String(form.get('intent'))));
}

/** The same for a form whose submissions are told from those of others by more than their intent. */
export function useOwnKey(isOwn: (form: FormData) => boolean): string {
  const { key } = useLocation();
  const { state, formData } = useNavigation();
  const [own, setOwn] = useState(key);
  const isOfOthers = useRef(false);
  useEffect(() => {
    if (state !== 'idle') isOfOthers.current = formData !== undefined && !isOwn(formData);
  });
  useEffect(() => {
    if (!isOfOthers.current) setOwn(key);
  }, [key]);
  return own;
}
