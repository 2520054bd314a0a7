import { csvResponse } from '#app/http/csv.server';
import { protectedLoader } from '#app/http/protected.server';
import { listTokens } from '#server/auth/queries';

const HEADER = [
  'name',
  'hint',
  'person',
  'state',
  'scopes',
  'made (UTC)',
  'ends (UTC)',
  'last used (UTC)',
  'revoked (UTC)',
  'revoked by',
];

export const loader = protectedLoader({ access: 'account.manage' }, async ({ ctx, url }) => {
  const tokens = await listTokens(ctx, { everybody: url.searchParams.get('everybody') === 'true' });
  const rows = tokens.map((token) => [
    token.name,
    token.hint,
    token.ownerName,
    token.status,
    token.scopes.join(' '),
    token.createdAt,
    token.expiresAt,
    token.lastUsedAt,
    token.revokedAt,
    token.revokedByName,
  ]);
  return csvResponse('tokens.csv', HEADER, once(rows));
});

async function* once<T>(rows: T) {
  yield rows;
}
