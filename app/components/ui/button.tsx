import { Link, type LinkProps } from '@remix-run/react';
import { cva, type VariantProps } from 'class-variance-authority';
import { type ButtonHTMLAttributes, useId } from 'react';
import { cn } from '#app/lib/cn';

const button = cva(
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-m font-medium whitespace-nowrap transition-colors select-none no-underline',
  {
    variants: {
      look: {
        primary: 'bg-herb text-on-herb hover:bg-herb-strong',
        secondary: 'border border-edge/70 bg-surface text-ink hover:bg-hover active:bg-pressed',
        quiet: 'text-muted hover:bg-hover hover:text-ink',
        danger: 'bg-critical text-on-critical hover:opacity-90',
      },
      size: {
        m: 'hit px-3 text-m',
        s: 'hit px-2 text-s sm:min-h-7',
        icon: 'hit aspect-square px-0 touch:min-w-11',
        big: 'min-h-12 px-5 text-m',
      },
      off: { true: 'border border-line bg-sunken text-faint hover:bg-sunken hover:text-faint', false: '' },
    },
    defaultVariants: { look: 'secondary', size: 'm', off: false },
  },
);

type Looks = Omit<VariantProps<typeof button>, 'off'>;

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> &
  Looks & {
    /** Why it cannot be pressed; the button stays reachable by keyboard and says so. */
    blockedBy?: string | null | undefined;
  };

/** A button. With `blockedBy` it does nothing and tells the reason on hover, on focus and to screen readers. */
export function Button({ look, size, blockedBy, className, children, onClick, ...rest }: ButtonProps) {
  const reasonId = useId();
  const off = Boolean(blockedBy) || rest.disabled;
  return (
    <button
      {...rest}
      type={blockedBy ? 'button' : (rest.type ?? 'button')}
      {...(blockedBy ? { 'aria-disabled': true, 'aria-describedby': reasonId, 'data-tip': blockedBy } : {})}
      onClick={blockedBy ? undefined : onClick}
      className={cn(button({ look, size, off: Boolean(off) }), className)}
    >
      {children}
      {blockedBy ? (
        <span id={reasonId} className="sr-only">
          {blockedBy}
        </span>
      ) : null}
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton({
  look,
  size,
  className,
  blockedBy,
  ...rest
}: LinkProps & Looks & { blockedBy?: string | null | undefined }) {
  if (blockedBy) {
    return (
      <Button look={look} size={size} className={className as string} blockedBy={blockedBy}>
        {rest.children}
      </Button>
    );
  }
  return <Link prefetch="intent" {...rest} className={cn(button({ look, size }), className)} />;
}
