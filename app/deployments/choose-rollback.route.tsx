import { type MetaFunction, redirect } from '@remix-run/node';
import { pageTitle } from '#app/components/layout/page-title';
import { ChoosePlace } from '#app/deployments/choose-place';
import { protectedLoader } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { listEnvironments } from '#server/services/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Roll back');

/** With one environment there is nothing to choose. */
export const loader = protectedLoader({ access: 'deployments.read' }, async ({ ctx }) => {
  const [only, second] = await listEnvironments(ctx, {});
  if (only && !second) throw redirect(paths.rollback(only));
  return null;
});

export default function ChooseRollback() {
  return <ChoosePlace title="Roll back" to={paths.rollback} />;
}
