import { X } from 'lucide-react';
import * as RadixDialog from 'radix-ui/dialog';
import type { ReactNode } from 'react';
import { type Opener, useReturnFocus } from '#app/components/ui/return-focus';
import { cn } from '#app/lib/cn';

/** A question in front of the page. Focus is kept inside, Escape leaves, and focus returns to what opened it. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  wide,
  opener,
  children,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: ReactNode;
  /** Room for two columns. */
  wide?: boolean;
  opener?: Opener;
  children: ReactNode;
}) {
  const focus = useReturnFocus(opener);
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="fixed inset-0 z-50 animate-appear bg-veil" />
        <RadixDialog.Content
          {...focus}
          className={cn(
            'fixed inset-x-0 bottom-0 z-50 max-h-[90dvh] animate-appear overflow-auto rounded-t-l bg-surface p-5 shadow-float sm:inset-auto sm:left-1/2 sm:-translate-x-1/2 sm:rounded-l',
            wide
              ? 'sm:top-[6vh] sm:max-h-[88dvh] sm:w-[44rem] sm:max-w-[94vw]'
              : 'sm:top-[18vh] sm:w-[28rem]',
          )}
        >
          <RadixDialog.Title className="pr-8 text-m">{title}</RadixDialog.Title>
          <RadixDialog.Description asChild>
            <div className="mt-1 mb-4 text-muted">{description}</div>
          </RadixDialog.Description>
          {children}
          <RadixDialog.Close className="absolute top-3 right-3 grid size-8 place-items-center rounded-m text-muted hover:bg-hover touch:size-11">
            <X aria-hidden="true" size={16} />
            <span className="sr-only">Close</span>
          </RadixDialog.Close>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}
