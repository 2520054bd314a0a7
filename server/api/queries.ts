import * as z from 'zod/mini';
import type { ApiDocument } from '#server/api/contract';
import { describeApi } from '#server/api/openapi';
import { defineQuery } from '#server/auth/guard';

/** The OpenAPI document of this console. */
export const getApiDocument = defineQuery({
  name: 'api.get-document',
  access: 'anyone',
  input: z.object({}),
  handle: async (): Promise<ApiDocument> => describeApi(),
});
