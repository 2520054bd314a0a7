import { Link } from '@remix-run/react';
import { ArrowRight, Undo2 } from 'lucide-react';
import { deploymentLook, StatusMark } from '#app/components/ui/status-mark';
import { Duration, RelativeTime } from '#app/components/ui/time';
import { paths } from '#app/lib/paths';
import type { DeploymentView } from '#server/deployments/contract';

/** The newest deployments, one a line: from → to, who, how long, when. */
export function RecentDeployments({ deployments }: { deployments: DeploymentView[] }) {
  return (
    <ul className="divide-y divide-line">
      {deployments.map((deployment) => (
        <li key={deployment.id}>
          <Link
            to={paths.run(deployment.runId)}
            prefetch="intent"
            className="hit flex min-h-9 items-center gap-2.5 px-4 py-1.5 no-underline hover:bg-hover"
          >
            <StatusMark look={deploymentLook(deployment.status)} iconOnly />
            <ReleaseStep deployment={deployment} />
            <span className="w-24 truncate text-right text-s text-muted max-sm:hidden">
              {deployment.byName}
            </span>
            <Duration ms={deployment.durationMs} className="w-16 text-right text-s text-muted" />
            <span className="w-20 text-right text-s text-muted">
              <RelativeTime at={deployment.startedAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** `v1.1 → v1.2`, with the sign of a rollback where it is one. */
export function ReleaseStep({ deployment }: { deployment: DeploymentView }) {
  const isRollback = deployment.direction === 'rollback';
  const Icon = isRollback ? Undo2 : ArrowRight;
  return (
    <span className="flex min-w-0 flex-1 items-center gap-1.5">
      {deployment.replacesTag ? (
        <span className="max-w-40 shrink-0 truncate font-mono text-s text-muted max-sm:hidden">
          {deployment.replacesTag}
        </span>
      ) : null}
      {deployment.replacesTag || isRollback ? (
        <Icon aria-hidden="true" size={13} className="shrink-0 text-faint" />
      ) : null}
      <span className="sr-only">{isRollback ? 'rolled back to' : 'to'}</span>
      <span className="max-w-48 shrink-0 truncate font-mono text-s font-semibold">
        {deployment.release.tag}
      </span>
      <span className="min-w-0 truncate text-muted max-xl:hidden">{deployment.release.title}</span>
    </span>
  );
}
