import * as z from 'zod/mini';
import { defineOperation } from '#server/api/operation';
import {
  drillPage,
  drillPlace,
  listDrillsInput,
  requestDrillInput,
  requestedDrill,
} from '#server/deployments/drills/contract';

const group = 'Drills';

/** What can be asked and done about rehearsed rollbacks. */
export const DRILL_OPERATIONS = {
  listDrillPlaces: defineOperation({
    method: 'get',
    path: '/drill-places',
    group,
    summary: 'The practice environments, how their rollbacks went lately, and what a drill would do now',
    description: 'A token needs the scope `overview.read` for it as well.',
    input: z.object({}),
    status: 200,
    output: z.object({ rows: z.array(drillPlace) }),
  }),
  listDrills: defineOperation({
    method: 'get',
    path: '/drills',
    group,
    summary: 'Rehearsed rollbacks and their times, newest first',
    input: listDrillsInput,
    status: 200,
    output: drillPage,
  }),
  requestDrill: defineOperation({
    method: 'post',
    path: '/environments/{service}/{environment}/drills',
    group,
    summary: 'Rehearse a rollback of a practice environment',
    description:
      'Deploys another good release and rolls it back. `runId` is the deploy; the rollback follows by itself and is what is timed.',
    input: z.omit(requestDrillInput, { idempotencyKey: true }),
    status: 202,
    output: requestedDrill,
    location: '/runs/{runId}',
  }),
} as const;
