import { useState } from 'react';
import { useSubject } from '#app/components/layout/root-data';
import { setSingleKeys, shortcutsOf, singleKeysAreOn } from '#app/components/shortcuts/registry';
import { ShortcutList } from '#app/components/shortcuts/shortcut-list';
import { Dialog } from '#app/components/ui/dialog';
import type { Opener } from '#app/components/ui/return-focus';

/** What the keyboard can do, in front of the page, and the switch that turns single keys off. */
export function KeyboardHelp({
  open,
  opener,
  onOpenChange,
}: {
  open: boolean;
  opener: Opener;
  onOpenChange: (open: boolean) => void;
}) {
  const subject = useSubject();
  const [isOn, setOn] = useState(singleKeysAreOn);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      wide
      opener={opener}
      title="Keyboard"
      description="Single keys rest while you type, and while a dialog is open."
    >
      <ShortcutList shortcuts={shortcutsOf(subject)} />
      <label className="hit flex items-center gap-2 border-t border-line pt-3">
        <input
          type="checkbox"
          className="size-4 accent-herb"
          checked={isOn}
          onChange={(event) => {
            setSingleKeys(event.currentTarget.checked);
            setOn(singleKeysAreOn());
          }}
        />
        <span>
          Single keys work in this browser
          <span className="block text-s text-muted">
            Off, only the keys with ⌘ or Ctrl, Enter, Escape and the arrows do something.
          </span>
        </span>
      </label>
    </Dialog>
  );
}
