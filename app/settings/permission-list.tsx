import { Check, Minus } from 'lucide-react';
import { cn } from '#app/lib/cn';
import { ALL_GROUPS, PERMISSION_WORDS } from '#app/settings/permission-words';
import { PERMISSIONS, type Permission, ROLE_LABELS } from '#server/auth/contract';

/** Everything that can be done here, by what it is about, and which of it is granted. */
export function PermissionList({
  granted,
  tellRoles,
}: {
  granted: readonly string[];
  /** Say of what is not granted which role has it. */
  tellRoles?: boolean;
}) {
  return (
    <div className="gap-8 sm:columns-2">
      {ALL_GROUPS.map((group) => (
        <section key={group.title} className="mb-5 break-inside-avoid last:mb-0">
          <h3 className="mb-1 text-s font-normal text-muted">{group.title}</h3>
          <ul className="grid gap-1">
            {group.permissions.map((permission) => (
              <PermissionLine
                key={permission}
                permission={permission}
                isGranted={granted.includes(permission)}
                note={tellRoles ? `from ${ROLE_LABELS[PERMISSIONS[permission]]}` : null}
              />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function PermissionLine({
  permission,
  isGranted,
  note,
}: {
  permission: Permission;
  isGranted: boolean;
  note: string | null;
}) {
  const Icon = isGranted ? Check : Minus;
  return (
    <li className={cn('flex items-start gap-2', isGranted ? '' : 'text-faint')}>
      <Icon
        aria-hidden="true"
        size={15}
        strokeWidth={2.25}
        className={cn('mt-[3px] shrink-0', isGranted && 'text-ok')}
      />
      <span className="sr-only">{isGranted ? 'May: ' : 'May not: '}</span>
      <span className="min-w-0">
        {PERMISSION_WORDS[permission]}
        {isGranted || !note ? null : (
          <>
            {' '}
            <span className="text-s whitespace-nowrap">· {note}</span>
          </>
        )}
      </span>
    </li>
  );
}
