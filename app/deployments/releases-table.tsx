import { Link, useSearchParams } from '@remix-run/react';
import { Ellipsis, PackageX, Rocket, ShieldCheck, ShieldMinus, ShieldX, Undo2 } from 'lucide-react';
import { changeSearch } from '#app/components/data-table/table-url';
import { useSubject } from '#app/components/layout/root-data';
import { MENU_ITEM, Menu } from '#app/components/ui/menu';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { RelativeTime } from '#app/components/ui/time';
import { ReleaseMarks } from '#app/deployments/release-picker';
import { plural, shortSha } from '#app/lib/format';
import { type Place, paths } from '#app/lib/paths';
import { can } from '#server/auth/contract';
import type { ReleaseView, Verdict } from '#server/deployments/contract';

/** Releases of a service as one environment sees them, with what can be done with each, and a way to all of them. */
export function ReleasesTable({
  place,
  releases,
  total,
  title,
}: {
  place: Place;
  releases: ReleaseView[];
  /** How many there are. */
  total: number;
  title: string;
}) {
  const [search] = useSearchParams();
  return (
    <Section title={title} note={plural(total, 'release')} flush>
      {releases.length === 0 ? (
        <EmptyState icon={PackageX} title="The repository has no release">
          Tag a commit in the service's repository; it appears here.
        </EmptyState>
      ) : null}
      <ul className="divide-y divide-line">
        {releases.map((release) => (
          <li key={release.id} className="flex min-h-10 items-center gap-3 py-1 pr-1.5 pl-4 hover:bg-hover">
            <div className="min-w-0 flex-1 lg:flex lg:items-center lg:gap-3">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1 lg:w-76 lg:shrink-0">
                <span className="font-mono font-semibold break-all">{release.tag}</span>
                <ReleaseMarks release={release} />
              </p>
              <p className="min-w-0 flex-1 truncate">
                {release.title}
                {release.verdictReason ? (
                  <span className="text-muted">
                    {' · '}
                    {release.verdictByName}: {release.verdictReason}
                  </span>
                ) : null}
              </p>
            </div>
            <p className="w-40 text-right text-s whitespace-nowrap text-muted max-lg:hidden">
              {release.lastDeployedAt ? (
                <>
                  deployed <RelativeTime at={release.lastDeployedAt} />
                </>
              ) : (
                <span className="text-faint">never deployed</span>
              )}
            </p>
            <p className="flex w-40 justify-end gap-3 text-right text-s whitespace-nowrap text-muted max-md:hidden">
              <code>{shortSha(release.commitSha)}</code> <RelativeTime at={release.committedAt} />
            </p>
            <ReleaseMenu place={place} release={release} />
          </li>
        ))}
      </ul>
      {releases.length < total ? (
        <Link
          to={changeSearch(search, { releases: 'all' })}
          preventScrollReset
          className="hit flex items-center justify-center border-t border-line text-muted no-underline hover:bg-hover hover:text-ink"
        >
          Show all {total}
        </Link>
      ) : null}
    </Section>
  );
}

function ReleaseMenu({ place, release }: { place: Place; release: ReleaseView }) {
  const subject = useSubject();
  const mark = (verdict: Verdict) => paths.markRelease(place, release.tag, verdict);
  const mayMark = can(subject, 'releases.mark');
  const mayDeploy = can(subject, 'deployments.deploy') && !release.isMissing;
  if (!mayMark && !mayDeploy) return <span className="w-9" />;
  return (
    <Menu
      label={`What to do with ${release.tag}`}
      align="end"
      triggerClassName="justify-center px-2.5"
      trigger={<Ellipsis aria-hidden="true" size={16} className="text-muted" />}
    >
      {mayDeploy && !release.isLive ? (
        <Link to={paths.newDeployment(place, release.tag)} className={MENU_ITEM}>
          <Rocket aria-hidden="true" size={15} className="text-muted" />
          Deploy it
        </Link>
      ) : null}
      {mayDeploy ? (
        <Link to={paths.checks(place, release.tag)} className={MENU_ITEM}>
          <ShieldCheck aria-hidden="true" size={15} className="text-muted" />
          Check it
        </Link>
      ) : null}
      {release.isKnownGood && !release.isLive && can(subject, 'deployments.rollback') ? (
        <Link to={paths.rollback(place, release.tag)} className={MENU_ITEM}>
          <Undo2 aria-hidden="true" size={15} className="text-muted" />
          Roll back to it
        </Link>
      ) : null}
      {mayMark && release.verdict !== 'stable' ? (
        <Link to={mark('stable')} className={MENU_ITEM}>
          <ShieldCheck aria-hidden="true" size={15} className="text-ok" />
          Mark stable
        </Link>
      ) : null}
      {mayMark && release.verdict !== 'faulty' ? (
        <Link to={mark('faulty')} className={MENU_ITEM}>
          <ShieldX aria-hidden="true" size={15} className="text-critical" />
          Mark faulty
        </Link>
      ) : null}
      {mayMark && release.verdict !== 'none' ? (
        <Link to={mark('none')} className={MENU_ITEM}>
          <ShieldMinus aria-hidden="true" size={15} className="text-muted" />
          Take the mark off
        </Link>
      ) : null}
    </Menu>
  );
}
