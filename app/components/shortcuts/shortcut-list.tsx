import { Keys } from '#app/components/shortcuts/keys';
import { SHORTCUT_GROUPS, type Shortcut } from '#app/components/shortcuts/registry';

/** Every key and what it does, by where it works. */
export function ShortcutList({ shortcuts }: { shortcuts: readonly Shortcut[] }) {
  return (
    <div className="gap-x-8 sm:columns-2">
      {Object.entries(SHORTCUT_GROUPS).map(([group, title]) => (
        <section key={group} className="mb-4 break-inside-avoid">
          <h3 className="mb-1 text-m">{title}</h3>
          <dl>
            {shortcuts
              .filter((shortcut) => shortcut.group === group)
              .map((shortcut) => (
                <div key={shortcut.id} className="flex min-h-8 items-center justify-between gap-4">
                  <dt>{shortcut.label}</dt>
                  <dd>
                    <Keys shortcut={shortcut} />
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
