import { useState } from 'react';
import { cn } from '#app/lib/cn';
import {
  groupPermissions,
  PERMISSION_WORDS,
  PRESET_LABELS,
  PRESETS,
  presetScopes,
} from '#app/settings/permission-words';
import type { Permission } from '#server/auth/contract';

/**
 * What a token may do: one press for what is usual, then each permission. Without JavaScript a press on a preset reads
 * the page again with its boxes ticked and keeps what was typed.
 */
export function ScopePicker({
  own,
  initial,
  errors,
}: {
  /** What its maker may do: nothing more can be chosen. */
  own: readonly Permission[];
  initial: readonly string[];
  errors: readonly string[] | undefined;
}) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(initial));
  const isExactly = (scopes: readonly string[]) =>
    scopes.length === chosen.size && scopes.every((scope) => chosen.has(scope));
  const toggle = (permission: Permission) => {
    const next = new Set(chosen);
    if (!next.delete(permission)) next.add(permission);
    setChosen(next);
  };
  return (
    <fieldset aria-describedby={errors ? 'scopes-error' : undefined}>
      <legend className="font-medium">What it may do</legend>
      <p className="mt-0.5 text-s text-muted">Give it what it needs, no more.</p>
      <div className="mt-2 flex flex-wrap gap-1.5">
        {PRESETS.map((preset) => {
          const scopes = presetScopes(preset, own);
          const isChosen = isExactly(scopes);
          return (
            <button
              key={preset}
              type="submit"
              formMethod="get"
              formNoValidate
              name="preset"
              value={preset}
              aria-pressed={isChosen}
              onClick={(event) => {
                event.preventDefault();
                setChosen(new Set(scopes));
              }}
              className={cn(
                'hit rounded-full border px-3 font-medium',
                isChosen ? 'border-herb bg-herb-soft' : 'border-edge/70 text-muted hover:bg-hover',
              )}
            >
              {PRESET_LABELS[preset]}
            </button>
          );
        })}
      </div>
      {errors ? (
        <p id="scopes-error" className="mt-2 text-s text-critical">
          {errors.join(' ')}
        </p>
      ) : null}
      <div className="mt-4 gap-8 sm:columns-2">
        {groupPermissions(own).map((group) => (
          <fieldset key={group.title} className="mb-4 break-inside-avoid last:mb-0">
            <legend className="mb-0.5 text-s text-muted">{group.title}</legend>
            {group.permissions.map((permission) => (
              <label
                key={permission}
                className="hit -mx-2 flex items-center gap-2.5 rounded-m px-2 py-1 hover:bg-hover"
              >
                <input
                  type="checkbox"
                  name="scopes"
                  value={permission}
                  checked={chosen.has(permission)}
                  onChange={() => toggle(permission)}
                  className="size-4 shrink-0 accent-herb"
                />
                <span className="min-w-0">{PERMISSION_WORDS[permission]}</span>
              </label>
            ))}
          </fieldset>
        ))}
      </div>
    </fieldset>
  );
}
