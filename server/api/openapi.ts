import type {
  ApiDocument,
  ApiOperation,
  ApiParameter,
  ApiPath,
  ApiReference,
  ApiResponse,
  JsonSchema,
} from '#server/api/contract';
import { HANDLERS, type Handler } from '#server/api/handlers';
import { inputSchema, namedSchemas, outputSchema } from '#server/api/json-schema';
import { GROUPS, type Operation } from '#server/api/operation';
import { OPERATIONS, type OperationId } from '#server/api/operations';
import * as audit from '#server/audit/contract';
import * as auth from '#server/auth/contract';
import { PERMISSIONS, ROLE_LABELS } from '#server/auth/contract';
import type { Access } from '#server/auth/guard';
import * as deployments from '#server/deployments/contract';
import * as freezes from '#server/deployments/freezes/contract';
import * as figures from '#server/figures/contract';
import * as http from '#server/http/contract';
import * as incidents from '#server/incidents/contract';
import * as metrics from '#server/metrics/contract';
import * as notifications from '#server/notifications/contract';
import * as postmortems from '#server/postmortems/contract';
import * as runs from '#server/runs/contract';
import * as schedules from '#server/schedules/contract';
import * as services from '#server/services/contract';
import * as status from '#server/status/contract';
import * as views from '#server/views/contract';

const NAMES = namedSchemas([
  audit,
  auth,
  deployments,
  figures,
  freezes,
  http,
  incidents,
  metrics,
  notifications,
  postmortems,
  runs,
  schedules,
  services,
  status,
  views,
]);

const PROBLEM_JSON = 'application/problem+json';
const INTRODUCTION = `Everything that the console's pages do, for programs: the same commands and queries, the same permissions.

Send \`Authorization: Bearer <token>\`; tokens are made in the settings or with \`ops login\`. Bodies are JSON objects; a field that is not described here is refused by its name. A write takes an \`Idempotency-Key\`: the same key with the same request is done once and answered again. Refusals are problems (RFC 9457) whose \`kind\` programs can act on.`;

/** Values that make an example readable, by field. */
const EXAMPLES: Record<string, unknown> = {
  service: 'shop',
  environment: 'production',
  tag: 'v1.4.0',
  runId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c40',
  lockId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c41',
  userId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c42',
  tokenId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c43',
  freezeId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c44',
  scheduleId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c45',
  notificationId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c46',
  channel: 'CRITICAL',
  number: 42,
  maintenanceId: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c47',
  planHash: '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8',
  reason: 'Checkout answers with errors',
  verdict: 'faulty',
};

let described: ApiDocument | null = null;

/** The OpenAPI document, made once from the table of operations and the contracts. */
export function describeApi(): ApiDocument {
  described ??= makeDocument();
  return described;
}

function makeDocument(): ApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const paths: Record<string, ApiPath> = {};
  for (const [id, operation] of Object.entries(OPERATIONS) as unknown as [OperationId, Operation][]) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describeOperation(id, operation, HANDLERS[id], schemas),
    };
  }
  const problem = outputSchema(http.problem, NAMES, schemas);
  Object.assign(paths, besideTheTable(schemas));
  return {
    openapi: '3.1.1',
    info: { title: 'HerbisVeritas Ops', version: '1', description: INTRODUCTION },
    servers: [{ url: '/api/v1', description: 'This console' }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b))),
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description:
            'Names this request, so that it can be repeated when its answer was lost: what was done is not done again, and the first answer comes again with `Idempotent-Replayed: true`. Kept for 24 hours; refusals are not kept. The same key with another request is refused with 422.',
          schema: { type: 'string', minLength: 8, maxLength: 200, pattern: '^[\\x21-\\x7e]+$' },
          example: '6f1d3c1e-8a54-4a2f-9c57-0d6c1c2b9f11',
        },
      },
      headers: {
        RateLimit: {
          description: 'What is left (`r`) until the limit starts anew in `t` seconds.',
          schema: { type: 'string' },
        },
        RateLimitPolicy: {
          description: 'How many requests (`q`) are allowed in `w` seconds.',
          schema: { type: 'string' },
        },
      },
      responses: {
        Problem: {
          description: 'Refused; `kind` says why, and nothing was changed unless `detail` says otherwise.',
          content: { [PROBLEM_JSON]: { schema: problem } },
        },
        RateLimited: {
          description: 'Too many requests; go on after `Retry-After` seconds.',
          headers: {
            'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } },
          },
          content: { [PROBLEM_JSON]: { schema: problem } },
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token of this console.' },
      },
    },
  };
}

function describeOperation(
  id: OperationId,
  operation: Operation,
  handler: Handler,
  schemas: Record<string, JsonSchema>,
): ApiOperation {
  const isWrite = handler.operation === 'command';
  const isOpen = handler.access === 'anyone';
  const { parameters, body } = splitInput(operation);
  return {
    operationId: id,
    tags: [operation.group],
    summary: operation.summary,
    description: [operation.description, `${whoMay(handler.access)}.`].filter(Boolean).join('\n\n'),
    'x-permission': handler.access === 'anyone' ? null : handler.access,
    ...(isOpen ? { security: [] } : {}),
    parameters: [
      ...parameters,
      ...(isWrite && !isOpen ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...(body ? { requestBody: describeBody(body) } : {}),
    responses: {
      [operation.status]: describeAnswer(operation, isWrite && !isOpen, schemas),
      ...problems(isWrite ? ['400', '401', '403', '404', '409', '415', '422'] : ['400', '401', '403', '404']),
    },
  };
}

/** Who may call, in words: the least role and the scope that a token needs. */
function whoMay(access: Access): string {
  if (access === 'anyone') return 'Open to anyone';
  if (access === 'signed-in') return 'For anybody who is signed in; a token needs no particular scope';
  return `Needs the role ${ROLE_LABELS[PERMISSIONS[access]]} or above, and of a token the scope \`${access}\``;
}

function splitInput(operation: Operation): { parameters: ApiParameter[]; body: JsonSchema | null } {
  const schema = inputSchema(operation.input);
  const inPath = new Set([...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  const parameters: ApiParameter[] = [];
  const rest: Record<string, JsonSchema> = {};
  for (const [name, { description, ...field }] of Object.entries(schema.properties ?? {})) {
    if (!inPath.has(name) && operation.method !== 'get') {
      rest[name] = { ...(description ? { description } : {}), ...field };
      continue;
    }
    const where = inPath.has(name) ? 'path' : 'query';
    parameters.push({
      name,
      in: where,
      required: where === 'path' || (schema.required ?? []).includes(name),
      ...(description ? { description } : {}),
      schema: field,
      ...(where === 'path' && name in EXAMPLES ? { example: EXAMPLES[name] } : {}),
    });
  }
  if (Object.keys(rest).length === 0) return { parameters, body: null };
  const required = (schema.required ?? []).filter((name) => name in rest);
  return {
    parameters,
    body: { type: 'object', properties: rest, required, additionalProperties: false },
  };
}

function describeBody(body: JsonSchema): ApiOperation['requestBody'] {
  const required = body.required ?? [];
  const example = Object.fromEntries(required.map((name) => [name, EXAMPLES[name]]));
  const isWhole = required.length > 0 && required.every((name) => name in EXAMPLES);
  return {
    required: required.length > 0,
    content: { 'application/json': { schema: body, ...(isWhole ? { example } : {}) } },
  };
}

function describeAnswer(
  operation: Operation,
  mayBeReplayed: boolean,
  schemas: Record<string, JsonSchema>,
): ApiResponse {
  const headers: ApiResponse['headers'] = {
    ...(operation.location
      ? { Location: { description: 'Where it can be read.', schema: { type: 'string' } } }
      : {}),
    ...(mayBeReplayed
      ? {
          'Idempotent-Replayed': {
            description: '`true` when this is the answer to an earlier request with the same key.',
            schema: { type: 'string', enum: ['true'] },
          },
        }
      : {}),
  };
  return {
    description: { 200: 'Done', 201: 'Made', 202: 'Queued', 204: 'Done; there is nothing to tell' }[
      operation.status
    ],
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(operation.status === 204
      ? {}
      : {
          content: {
            'application/json': { schema: outputSchema(operation.output as never, NAMES, schemas) },
          },
        }),
  };
}

function problems(statuses: string[]): Record<string, ApiReference> {
  return {
    ...Object.fromEntries(statuses.map((status) => [status, { $ref: '#/components/responses/Problem' }])),
    429: { $ref: '#/components/responses/RateLimited' },
    default: { $ref: '#/components/responses/Problem' },
  };
}

/** What lives outside `/api/v1`: the health that probes read, and the live updates. */
function besideTheTable(schemas: Record<string, JsonSchema>): Record<string, ApiPath> {
  const root = [{ url: '/', description: 'This console' }];
  outputSchema(runs.runSnapshot, NAMES, schemas);
  outputSchema(runs.runLogLine, NAMES, schemas);
  const health = { 'application/json': { schema: outputSchema(http.health, NAMES, schemas) } };
  const list = (item: JsonSchema): JsonSchema => ({ type: 'array', items: item, maxItems: 20 });
  return {
    '/api/health': {
      servers: root,
      get: {
        operationId: 'probeHealth',
        tags: ['Console'],
        summary: 'The same health with a status that probes and load balancers understand',
        description: 'Open to anyone.',
        'x-permission': null,
        security: [],
        responses: {
          200: { description: 'Healthy', content: health },
          503: { description: 'Unhealthy; the checks say why', content: health },
        },
      },
    },
    '/streams/live': {
      servers: root,
      get: {
        operationId: 'watchLive',
        tags: ['Runs'],
        summary: 'Live updates as server-sent events',
        description: `Events: \`log\` (a list of RunLogLine with their \`runId\`), \`run\` (RunSnapshot, when it changed), \`environment\` (\`{service, environment}\`: read it again). The id of an event is a cursor: sent back as \`Last-Event-ID\`, the stream goes on exactly behind it.\n\n${whoMay('runs.read')}; for \`environment\` the scope \`overview.read\`.`,
        'x-permission': 'signed-in',
        parameters: [
          {
            name: 'run',
            in: 'query',
            required: false,
            description: 'Ids of runs to watch.',
            schema: list({ type: 'string', format: 'uuid' }),
          },
          {
            name: 'after',
            in: 'query',
            required: false,
            description: 'The last line already known, in the order of `run`.',
            schema: list({ type: 'integer', minimum: 0 }),
          },
          {
            name: 'environment',
            in: 'query',
            required: false,
            description: 'Environments to watch, as `service/environment`.',
            schema: list({ type: 'string' }),
          },
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'The id of the last event seen.',
            schema: { type: 'string' },
          },
        ],
        responses: {
          200: {
            description: 'A stream that stays open',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          default: { $ref: '#/components/responses/Problem' },
        },
      },
    },
  };
}
