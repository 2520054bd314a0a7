import { useEffect, useId, useRef, useState } from 'react';
import { usePageLayoutEffect } from '#app/lib/use-page-layout-effect';

interface Shown {
  target: HTMLElement;
  text: string;
}

const DELAY_MS = 250;
const GAP_PX = 6;
/** An element with `data-tip-narrow` that is wider than this shows its label itself, px. */
const ICON_ONLY_PX = 64;

/**
 * The one tooltip of a page. Any element with `data-tip` shows it on hover and focus; Escape hides it. One listener for
 * all of them keeps a table with hundreds of times cheap. Nothing is said in a tooltip alone: the same text is in the
 * page or in an attribute for screen readers.
 */
export function TooltipLayer() {
  const [shown, setShown] = useState<Shown | null>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(timer);
      setShown(null);
    };
    const showFor = (event: Event, delay: number) => {
      const start = event.target instanceof Element ? event.target : null;
      if (start && box.current?.contains(start)) return;
      const target = start?.closest<HTMLElement>('[data-tip]') ?? null;
      const text = target?.dataset.tip;
      clearTimeout(timer);
      // A label that can be read needs no tooltip.
      const isLabelled = target?.dataset.tipNarrow !== undefined && target.offsetWidth > ICON_ONLY_PX;
      if (!target || !text || isLabelled) return setShown(null);
      timer = setTimeout(() => setShown({ target, text }), delay);
    };
    const over = (event: PointerEvent) => {
      if (event.pointerType !== 'touch') showFor(event, DELAY_MS);
    };
    const focus = (event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(':focus-visible')) showFor(event, 0);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape') hide();
    };
    // A finger cannot hover: pressing what cannot be pressed tells why.
    const pressed = (event: MouseEvent) => {
      if (event.target instanceof Element && event.target.closest('[aria-disabled="true"]'))
        showFor(event, 0);
    };
    document.addEventListener('click', pressed);
    document.addEventListener('pointerover', over);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('pointerdown', hide);
    document.addEventListener('keydown', key);
    document.addEventListener('scroll', hide, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      document.removeEventListener('click', pressed);
      document.removeEventListener('pointerover', over);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('pointerdown', hide);
      document.removeEventListener('keydown', key);
      document.removeEventListener('scroll', hide, { capture: true });
    };
  }, []);

  usePageLayoutEffect(() => {
    if (!shown || !box.current) return setPlace(null);
    const at = shown.target.getBoundingClientRect();
    const own = box.current.getBoundingClientRect();
    const above = at.top - own.height - GAP_PX;
    setPlace({
      left: Math.max(8, Math.min(at.left + at.width / 2 - own.width / 2, window.innerWidth - own.width - 8)),
      top: above >= 8 ? above : at.bottom + GAP_PX,
    });
  }, [shown]);

  if (!shown) return null;
  return (
    <div
      ref={box}
      id={id}
      role="tooltip"
      className="tip"
      style={place ? { left: place.left, top: place.top } : { visibility: 'hidden', left: 0, top: 0 }}
    >
      {shown.text}
    </div>
  );
}
