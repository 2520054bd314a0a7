import { ROLE_MEANINGS } from '#app/settings/permission-words';
import { ROLE_LABELS, ROLES, type Role } from '#server/auth/contract';

/** The roles from least to most, each with what it means. */
export function RoleChoice({
  chosen,
  current,
  errors,
  isTitled,
}: {
  chosen: string;
  /** The role that the person has now. */
  current?: Role;
  errors: readonly string[] | undefined;
  /** What is around it says already that it is about the role. */
  isTitled?: boolean;
}) {
  return (
    <fieldset className="grid gap-1.5" aria-describedby={errors ? 'role-error' : undefined}>
      <legend className={isTitled ? 'sr-only' : 'mb-1 font-medium'}>Role</legend>
      {ROLES.map((role) => (
        <label
          key={role}
          className="hit flex items-start gap-3 rounded-m border border-line px-3 py-2 hover:bg-hover has-checked:border-herb has-checked:bg-herb-soft"
        >
          <input
            type="radio"
            name="role"
            value={role}
            required
            defaultChecked={role === chosen}
            className="mt-1 accent-herb"
          />
          <span className="min-w-0">
            <span className="font-medium">{ROLE_LABELS[role]}</span>
            {role === current ? <span className="text-muted"> · has it now</span> : null}
            <span className="block text-s text-muted">{ROLE_MEANINGS[role]}</span>
          </span>
        </label>
      ))}
      {errors ? (
        <p id="role-error" className="text-s text-critical">
          {errors.join(' ')}
        </p>
      ) : null}
    </fieldset>
  );
}
