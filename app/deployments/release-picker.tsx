import { Form, useSubmit } from '@remix-run/react';
import { PackageX, Tag } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Button } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Badge, StatusMark, verdictLook } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { cn } from '#app/lib/cn';
import { shortSha } from '#app/lib/format';
import type { ReleaseView } from '#server/deployments/contract';

/** One release of many, as a list of radio buttons in a GET form: the choice is in the URL. */
export function ReleasePicker({ releases, chosen }: { releases: ReleaseView[]; chosen: string | null }) {
  const submit = useSubmit();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const choice = list.current?.querySelector<HTMLElement>('input:checked')?.closest('li');
    if (choice && list.current) list.current.scrollTop = choice.offsetTop - list.current.clientHeight / 3;
  }, []);
  const offered = releases.filter((release) => !release.isMissing);
  if (offered.length === 0) {
    return (
      <EmptyState icon={PackageX} title="The repository has no release">
        Tag a commit in the service's repository; it appears here.
      </EmptyState>
    );
  }
  return (
    <Form
      method="get"
      onChange={(event) => submit(event.currentTarget, { replace: true, preventScrollReset: true })}
    >
      <fieldset>
        <legend className="sr-only">Release</legend>
        <ul ref={list} className="relative max-h-[68dvh] divide-y divide-line overflow-y-auto">
          {offered.map((release) => (
            <li key={release.id}>
              <label
                className={cn(
                  'grid min-h-11 grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2 hover:bg-hover',
                  chosen === release.tag && 'bg-herb-soft hover:bg-herb-soft',
                )}
              >
                <input
                  type="radio"
                  name="tag"
                  value={release.tag}
                  defaultChecked={chosen === release.tag}
                  className="size-4 accent-herb"
                />
                <span className="min-w-0">
                  <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                    <span className="font-mono font-semibold break-all">{release.tag}</span>
                    <ReleaseMarks release={release} />
                  </span>
                  <span className="block truncate text-muted">{release.title}</span>
                </span>
                <span className="text-right text-s text-muted">
                  <RelativeTime at={release.committedAt} className="block" />
                  <code>{shortSha(release.commitSha)}</code>
                </span>
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
      <noscript>
        <div className="border-t border-line p-3">
          <Button type="submit" look="primary" size="big" className="w-full">
            Show the plan
          </Button>
        </div>
      </noscript>
    </Form>
  );
}

/** What is known of a release: live, known good, its verdict, gone from git. */
export function ReleaseMarks({ release }: { release: ReleaseView }) {
  return (
    <>
      {release.isLive ? (
        <Badge tone="ok" className="h-5">
          Live
        </Badge>
      ) : null}
      {release.isKnownGood && !release.isLive ? (
        <Badge tone="info" icon={Tag} className="h-5">
          Rollback target
        </Badge>
      ) : null}
      {release.verdict !== 'none' ? (
        <StatusMark look={verdictLook(release.verdict)} className="text-s" />
      ) : null}
      {release.isMissing ? (
        <Badge tone="unknown" icon={PackageX} className="h-5">
          Gone from the repository
        </Badge>
      ) : null}
    </>
  );
}
