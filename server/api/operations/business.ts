import { defineOperation } from '#server/api/operation';
import { impactInput, incidentImpact, overrideImpactInput } from '#server/business/contract';

const group = 'Incidents';

/** What incidents cost. */
export const BUSINESS_OPERATIONS = {
  getIncidentImpact: defineOperation({
    method: 'get',
    path: '/incidents/{number}/impact',
    group,
    summary: 'What an incident cost: lost revenue and users affected, each as a range',
    description:
      'With all that it was reckoned from, and all that was said of it before. The number of a merged incident gives that of the one that goes on.',
    input: impactInput,
    status: 200,
    output: incidentImpact,
  }),
  estimateIncidentImpact: defineOperation({
    method: 'post',
    path: '/incidents/{number}/impact/estimate',
    group,
    summary: 'Estimate from the service’s own orders, payments and visits what an incident cost',
    description:
      'Until its end, or until now. By itself it is done at the end. Compared with the same span of the four weeks before.',
    input: impactInput,
    status: 200,
    output: incidentImpact,
  }),
  overrideIncidentImpact: defineOperation({
    method: 'post',
    path: '/incidents/{number}/impact',
    group,
    summary: 'Say what an incident cost instead of the estimate, and why',
    description:
      'With the id of the last entry that was `seen`. Counts until somebody says otherwise or estimates again; what the console reckons by itself does not take its place.',
    input: overrideImpactInput,
    status: 200,
    output: incidentImpact,
  }),
} as const;
