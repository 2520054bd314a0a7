import { useNavigate, useSubmit } from '@remix-run/react';
import { Command } from 'cmdk';
import { Ban, Search, X } from 'lucide-react';
import * as RadixDialog from 'radix-ui/dialog';
import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useCurrentEnvironment } from '#app/components/layout/current-place';
import { isApple } from '#app/components/shortcuts/registry';
import { Button } from '#app/components/ui/button';
import { Kbd } from '#app/components/ui/kbd';
import { type Opener, useReturnFocus } from '#app/components/ui/return-focus';
import { cn } from '#app/lib/cn';
import { plural } from '#app/lib/format';
import type { PaletteEntry } from '#app/palette/entry';
import { ENTRY_ICONS } from '#app/palette/icons';
import { rank } from '#app/palette/rank';
import { readRecent, remember } from '#app/palette/recent';
import { useEntries } from '#app/palette/use-entries';

/** Everything that a person may do now, found by typing. Whatever touches the shop only opens its confirmation page. */
export function PaletteDialog({
  personId,
  open,
  opener,
  onOpenChange,
  onHelp,
}: {
  personId: string;
  open: boolean;
  opener: Opener;
  onOpenChange: (open: boolean) => void;
  onHelp: () => void;
}) {
  const focus = useReturnFocus(opener);
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="fixed inset-0 z-50 animate-appear bg-veil" />
        <RadixDialog.Content
          {...focus}
          aria-describedby={undefined}
          className="fixed inset-x-0 top-0 z-50 flex max-h-dvh animate-appear flex-col overflow-hidden bg-surface shadow-float max-sm:h-dvh sm:inset-x-auto sm:top-[11vh] sm:left-1/2 sm:max-h-[72vh] sm:w-[42rem] sm:max-w-[94vw] sm:-translate-x-1/2 sm:rounded-l"
        >
          <RadixDialog.Title className="sr-only">Find a page or an action</RadixDialog.Title>
          <Finder
            personId={personId}
            onHelp={() => {
              onOpenChange(false);
              onHelp();
            }}
            onDone={() => onOpenChange(false)}
          />
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

function Finder({ personId, onHelp, onDone }: { personId: string; onHelp: () => void; onDone: () => void }) {
  const navigate = useNavigate();
  const submit = useSubmit();
  const here = useCurrentEnvironment();
  const place = here ? `${here.service}/${here.environment}` : null;
  const { entries, failure, isLoading, retry } = useEntries(personId);
  const [recent] = useState(() => readRecent(personId));
  const [typed, setTyped] = useState('');
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [isRefused, setRefused] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const groups = useMemo(
    () => rank(entries ?? [], typed, { recent, place }),
    [entries, typed, recent, place],
  );
  const shown = groups.flatMap((group) => group.entries);
  // The best one is chosen until a person chooses; what is gone from the list is chosen no longer.
  const chosen = shown.find(({ id }) => id === chosenId) ?? shown[0] ?? null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another search begins at its best
  useEffect(() => {
    if (list.current) list.current.scrollTop = 0;
  }, [typed]);

  const act = (entry: PaletteEntry, inNewTab: boolean) => {
    setChosenId(entry.id);
    setRefused(entry.blockedBy !== null);
    if (entry.blockedBy !== null) return;
    remember(personId, entry.id);
    const { does } = entry;
    if (entry.id === 'help' && !inNewTab) return onHelp();
    onDone();
    if (does.kind === 'send') {
      const returnTo = `${window.location.pathname}${window.location.search}`;
      submit({ ...does.fields, returnTo }, { method: 'post', action: does.action, preventScrollReset: true });
    } else if (inNewTab) window.open(does.href, '_blank', 'noopener');
    else if (does.kind === 'document') window.location.assign(does.href);
    else navigate(does.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      onDone();
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing && chosen) {
      event.preventDefault();
      act(chosen, event.metaKey || event.ctrlKey);
    }
  };

  return (
    <Command
      label="Find a page or an action"
      shouldFilter={false}
      loop
      vimBindings={false}
      value={chosen?.id ?? ''}
      onValueChange={(id) => {
        setChosenId(id);
        setRefused(false);
      }}
      onKeyDown={onKeyDown}
      className="flex min-h-0 flex-1 flex-col outline-none"
    >
      <div className="flex items-center gap-2 border-b border-line pr-2 pl-4">
        <Search aria-hidden="true" size={16} className="shrink-0 text-faint" />
        <Command.Input
          value={typed}
          onValueChange={(value) => {
            setTyped(value);
            setChosenId(null);
            setRefused(false);
          }}
          placeholder="Deploy, roll back, #42, a page…"
          className="h-13 min-w-0 flex-1 bg-transparent text-[1rem] outline-none"
        />
        <RadixDialog.Close className="grid size-11 shrink-0 place-items-center rounded-m text-muted hover:bg-hover sm:size-8">
          <X aria-hidden="true" size={16} />
          <span className="sr-only">Close</span>
        </RadixDialog.Close>
      </div>
      {failure ? (
        <div role="alert" className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2.5">
          <p className="flex-1">{failure}</p>
          <Button onClick={retry}>Try again</Button>
        </div>
      ) : null}
      <Command.List
        ref={list}
        label="What was found"
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 pb-2"
      >
        {groups.map((group) => (
          <Command.Group
            key={group.title}
            heading={group.title}
            className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-s [&_[cmdk-group-heading]]:text-muted"
          >
            {group.entries.map((entry) => (
              <Row key={entry.id} entry={entry} onAct={act} />
            ))}
          </Command.Group>
        ))}
      </Command.List>
      <div className="flex min-h-9 items-center gap-3 border-t border-line px-4 py-1.5 text-s text-muted">
        <p role="status" className={cn('min-w-0 flex-1', isRefused && 'font-medium text-warning')}>
          {isRefused && chosen?.blockedBy
            ? `Not now. ${chosen.blockedBy}`
            : isLoading && !entries
              ? 'Looking what can be done now…'
              : plural(shown.length, 'entry', 'entries')}
        </p>
        <p aria-hidden="true" className="hidden items-center gap-1.5 sm:flex touch:hidden">
          <Kbd>↵</Kbd> open <Kbd>{isApple() ? '⌘' : 'Ctrl'} ↵</Kbd> in a new tab <Kbd>Esc</Kbd> close
        </p>
      </div>
    </Command>
  );
}

function Row({
  entry,
  onAct,
}: {
  entry: PaletteEntry;
  onAct: (entry: PaletteEntry, inNewTab: boolean) => void;
}) {
  const Icon = entry.blockedBy ? Ban : ENTRY_ICONS[entry.icon];
  return (
    // Not `disabled`, which would take it out of the arrows' reach: a reason that cannot be reached tells nobody anything.
    <Command.Item value={entry.id} asChild>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the item gives it its role */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field that the list belongs to */}
      <div
        data-blocked={entry.blockedBy !== null || undefined}
        onClick={(event: MouseEvent) => onAct(entry, event.metaKey || event.ctrlKey)}
        className="hit flex cursor-pointer items-center gap-3 rounded-m px-2 py-1 data-blocked:cursor-not-allowed data-[selected=true]:bg-herb-soft"
      >
        <Icon
          aria-hidden="true"
          size={16}
          className={cn('shrink-0', entry.blockedBy ? 'text-faint' : 'text-muted')}
        />
        <span className="min-w-0 flex-1">
          <span className={entry.blockedBy ? 'text-muted' : ''}>{entry.title}</span>
          {entry.blockedBy ? (
            <span className="block text-s text-muted">
              <span className="sr-only">. Not now: </span>
              {entry.blockedBy}
            </span>
          ) : entry.detail ? (
            <span className="text-s text-muted max-sm:block sm:ml-2">{entry.detail}</span>
          ) : null}
        </span>
        {entry.command ? (
          <code className="shrink-0 text-s text-muted max-sm:hidden">{entry.command}</code>
        ) : null}
      </div>
    </Command.Item>
  );
}
