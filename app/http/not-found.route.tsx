import { protectedAction, protectedLoader } from '#app/http/protected.server';
import { AppError } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';

async function refuse(): Promise<never> {
  throw new AppError('not_found', 'There is no page at this address. Nothing was changed.', {
    hint: 'Check the address, or start from the overview.',
  });
}

export const loader = protectedLoader({ access: 'anyone' }, refuse);

export const action = protectedAction({ intents: { default: { access: 'anyone', handle: refuse } } });

export default function NotFound() {
  return null;
}
