import { Form, Link, useLocation } from '@remix-run/react';
import { Check, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { usePreferences } from '#app/components/layout/root-data';
import { MENU_ITEM, Menu } from '#app/components/ui/menu';
import { paths } from '#app/lib/paths';
import { THEMES, type Theme } from '#app/lib/preferences';
import { ROLE_LABELS, type Viewer } from '#server/auth/contract';

const THEME_LOOK: Record<Theme, { label: string; icon: typeof Sun }> = {
  system: { label: 'As the system', icon: Monitor },
  light: { label: 'Light', icon: Sun },
  dark: { label: 'Dark', icon: Moon },
};

/** Who is signed in, how the console looks to them, and the way out. */
export function UserMenu({ viewer }: { viewer: Viewer }) {
  const { theme } = usePreferences();
  const location = useLocation();
  return (
    <Menu
      label={`${viewer.name}: account and appearance`}
      align="end"
      triggerClassName="px-1"
      trigger={
        <span
          aria-hidden="true"
          className="grid size-7 place-items-center rounded-full bg-pressed text-s font-semibold uppercase"
        >
          {initials(viewer.name)}
        </span>
      }
    >
      <div className="border-b border-line px-2 pt-1 pb-2">
        <p className="font-medium">{viewer.name}</p>
        <p className="text-s text-muted">{ROLE_LABELS[viewer.role]}</p>
        <p className="text-s text-muted">{viewer.email}</p>
      </div>
      <div className="border-b border-line py-1">
        <Link to={paths.account()} className={MENU_ITEM}>
          <UserRound aria-hidden="true" size={15} className="text-muted" />
          Your account
        </Link>
      </div>
      <Form method="post" action={paths.theme()} preventScrollReset className="border-b border-line py-1">
        <input type="hidden" name="intent" value="theme" />
        <input type="hidden" name="returnTo" value={`${location.pathname}${location.search}`} />
        <p className="px-2 py-1 text-s text-muted">Appearance</p>
        {THEMES.map((choice) => {
          const { label, icon: Icon } = THEME_LOOK[choice];
          return (
            <button
              key={choice}
              type="submit"
              name="theme"
              value={choice}
              aria-pressed={choice === theme}
              className={MENU_ITEM}
            >
              <Icon aria-hidden="true" size={15} className="text-muted" />
              {label}
              {choice === theme ? <Check aria-hidden="true" size={15} className="ml-auto text-herb" /> : null}
            </button>
          );
        })}
      </Form>
      <Form method="post" action={paths.logout()} className="pt-1">
        <button type="submit" className={MENU_ITEM}>
          <LogOut aria-hidden="true" size={15} className="text-muted" />
          Sign out
        </button>
      </Form>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words[words.length - 1] : ''].map((word) => word?.[0] ?? '').join('');
}
