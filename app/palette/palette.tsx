import { Link, useLocation } from '@remix-run/react';
import { Search } from 'lucide-react';
import {
  type ComponentType,
  createContext,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { isApple } from '#app/components/shortcuts/registry';
import { useShortcuts } from '#app/components/shortcuts/use-shortcuts';
import type { Opener } from '#app/components/ui/return-focus';
import { useHydrated } from '#app/lib/clock';
import { paths } from '#app/lib/paths';
import type { Viewer } from '#server/auth/contract';

type Shown = 'palette' | 'help';

interface Dialogs {
  PaletteDialog: ComponentType<{
    personId: string;
    open: boolean;
    opener: Opener;
    onOpenChange: (open: boolean) => void;
    onHelp: () => void;
  }>;
  KeyboardHelp: ComponentType<{ open: boolean; opener: Opener; onOpenChange: (open: boolean) => void }>;
}

const OpenPalette = createContext<() => void>(() => undefined);

/** Listens to the keys that work anywhere, and brings the palette and the help when somebody first asks for them. */
export function PaletteProvider({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  const [shown, setShown] = useState<Shown | null>(null);
  const [dialogs, setDialogs] = useState<Dialogs | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const { key } = useLocation();
  const openPalette = useCallback(() => setShown('palette'), []);
  const openHelp = useCallback(() => setShown('help'), []);
  useShortcuts(viewer.role, { onPalette: openPalette, onHelp: openHelp });
  // biome-ignore lint/correctness/useExhaustiveDependencies: on another page the question is another
  useEffect(() => setShown(null), [key]);
  useEffect(() => {
    if (!shown || dialogs) return;
    loadDialogs().then(setDialogs, () => {
      // Its files cannot be had, as after an update of the console: the plain page does the same.
      window.location.assign(shown === 'help' ? `${paths.palette()}#keyboard` : paths.palette());
    });
  }, [shown, dialogs]);
  const change = useMemo(
    () => (name: Shown) => (open: boolean) => setShown((now) => (open ? name : now === name ? null : now)),
    [],
  );
  return (
    <OpenPalette.Provider value={openPalette}>
      {children}
      {dialogs ? (
        <>
          <dialogs.PaletteDialog
            personId={viewer.id}
            open={shown === 'palette'}
            opener={opener}
            onOpenChange={change('palette')}
            onHelp={openHelp}
          />
          <dialogs.KeyboardHelp open={shown === 'help'} opener={opener} onOpenChange={change('help')} />
        </>
      ) : null}
    </OpenPalette.Provider>
  );
}

async function loadDialogs(): Promise<Dialogs> {
  const [{ PaletteDialog }, { KeyboardHelp }] = await Promise.all([
    import('#app/palette/palette-dialog'),
    import('#app/components/shortcuts/keyboard-help'),
  ]);
  return { PaletteDialog, KeyboardHelp };
}

/** Opens the palette; without JavaScript it leads to the page that lists the same. */
export function PaletteButton() {
  const open = useContext(OpenPalette);
  const isHydrated = useHydrated();
  return (
    <Link
      to={paths.palette()}
      aria-haspopup={isHydrated ? 'dialog' : undefined}
      aria-keyshortcuts="Control+K Meta+K"
      onClick={(event: MouseEvent) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        open();
      }}
      className="hit flex shrink-0 items-center justify-center gap-2 rounded-m border border-edge/70 bg-surface px-2.5 text-muted no-underline hover:bg-hover hover:text-ink max-md:border-transparent max-md:bg-transparent max-md:px-0 touch:min-w-11"
    >
      <Search aria-hidden="true" size={15} />
      <span className="max-lg:sr-only">Find or do</span>
      <span
        aria-hidden="true"
        className="min-w-11 text-right font-sans text-s text-faint max-lg:hidden touch:hidden"
      >
        {isHydrated && isApple() ? '⌘ K' : 'Ctrl K'}
      </span>
    </Link>
  );
}
