import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import {
  createdToken,
  createTokenInput,
  createTokenWithPasswordInput,
  listTokensInput,
  revokeTokenInput,
  tokenView,
} from '#server/auth/contract';

const group = 'Tokens';

/** What can be asked and done about API tokens. */
export const TOKEN_OPERATIONS = {
  logIn: defineOperation({
    method: 'post',
    path: '/login',
    group,
    summary: 'Get a token for e-mail and password',
    description:
      'For programs that have nothing else yet. Without `scopes` it has all that the person may do; without `days` it lasts 30. Takes no `Idempotency-Key`: of a password nothing is kept.',
    input: createTokenWithPasswordInput,
    status: 201,
    output: createdToken,
    location: '/tokens',
  }),
  listTokens: defineOperation({
    method: 'get',
    path: '/tokens',
    group,
    summary: 'The caller’s tokens, those that still open first',
    description: 'With `everybody` those of all people, which needs `tokens.manage`.',
    input: listTokensInput,
    status: 200,
    output: z.object({ rows: z.array(tokenView) }),
  }),
  createToken: defineOperation({
    method: 'post',
    path: '/tokens',
    group,
    summary: 'Make a token with some of the caller’s permissions',
    description:
      'Without `days` it lasts 90. The `secret` is told once; the same request repeated answers with null in its place.',
    input: createTokenInput,
    status: 201,
    output: createdToken,
    location: '/tokens',
  }),
  revokeToken: defineOperation({
    method: 'post',
    path: '/tokens/{tokenId}/revoke',
    group,
    summary: 'Make a token open nothing any more, at once',
    description: 'One’s own, or with `tokens.manage` anybody’s.',
    input: revokeTokenInput,
    status: 200,
    output: tokenView,
  }),
} as const;
