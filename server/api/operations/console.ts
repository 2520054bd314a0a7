import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import { health } from '#server/http/contract';
import { configurationView } from '#server/services/contract';

const group = 'Console';

/** What can be asked about the console itself. */
export const CONSOLE_OPERATIONS = {
  getConfiguration: defineOperation({
    method: 'get',
    path: '/configuration',
    group,
    summary: 'The configuration in use, its file as it is now, and what the workers run with',
    input: z.object({}),
    status: 200,
    output: configurationView,
  }),
  getHealth: defineOperation({
    method: 'get',
    path: '/health',
    group,
    summary: 'How the console is',
    description:
      'Answers with 200 whatever it finds; for probes `/api/health` says *unhealthy* by its status, too.',
    input: z.object({}),
    status: 200,
    output: health,
  }),
} as const;
