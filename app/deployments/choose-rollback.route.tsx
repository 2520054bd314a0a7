import { type MetaFunction, redirect } from '@remix-run/node';
import { pageTitle } from '#app/components/layout/page-title';
import { ChoosePlace } from '#app/deployments/choose-place';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { theOnlyOne } from '#app/lib/places';
import { listEnvironments } from '#server/services/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Roll back');

/** With one environment beside those for practice there is nothing to choose. */
export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx }) => {
  const only = theOnlyOne(await listEnvironments(ctx, {}));
  if (only) throw redirect(paths.rollback(only));
  return null;
});

export default function ChooseRollback() {
  return <ChoosePlace title="Roll back" to={paths.rollback} />;
}
