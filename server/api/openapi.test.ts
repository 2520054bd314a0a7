import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import openapiTypescript, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiOperation, JsonSchema } from '#server/api/contract';
import { HANDLERS } from '#server/api/handlers';
import { describeApi } from '#server/api/openapi';
import type { Operation } from '#server/api/operation';
import { OPERATIONS, type OperationId } from '#server/api/operations';

const METHODS = ['get', 'post', 'patch', 'delete'] as const;
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
/** As a client receives it. */
const document = JSON.parse(JSON.stringify(describeApi())) as ReturnType<typeof describeApi>;
const table = Object.entries(OPERATIONS) as unknown as [OperationId, Operation][];

function described(): [string, ApiOperation][] {
  return Object.entries(document.paths).flatMap(([address, item]) =>
    METHODS.flatMap((method): [string, ApiOperation][] => {
      const operation = item[method];
      return operation ? [[`${method} ${address}`, operation]] : [];
    }),
  );
}

/** Every schema of the document with where it is, the ones within others included. */
function schemas(value: unknown, at = '#'): [string, JsonSchema][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): [string, JsonSchema][] => {
    const here = `${at}/${key}`;
    const isSchema = key === 'schema' || at === '#/components/schemas';
    return isSchema ? [[here, inner as JsonSchema]] : schemas(inner, here);
  });
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1, and every reference in it leads somewhere', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document) as unknown as Record<string, unknown>)).toEqual(
      { valid: true },
    );
    expect(validator.version).toBe('3.1');
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, to]) => to);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of new Set(references)) {
      const found = (reference as string)
        .split('/')
        .slice(1)
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
      expect(found, reference).toBeTypeOf('object');
    }
  });

  it('is refused when it is not', async () => {
    const broken = structuredClone(document) as unknown as { paths: Record<string, { get?: object }> };
    broken.paths['/runs'] = { get: { operationId: 5 } };
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
  });

  it('has only schemas of JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false });
    const found = schemas(document);
    expect(found.length).toBeGreaterThan(50);
    for (const [at, schema] of found) expect([at, ajv.validate(DIALECT, schema)]).toEqual([at, true]);
  });

  it('has every operation of the table once, with what it needs, takes and answers', () => {
    const operations = described();
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual([...table.map(([id]) => id), 'probeHealth', 'watchLive'].sort());
    const names = operations.map(([name]) => name);
    const tags = document.tags.map(({ name }) => name);
    for (const [id, { method, path, status, input }] of table) {
      const operation = document.paths[path]?.[method];
      expect(names, id).toContain(`${method} ${path}`);
      expect(operation?.operationId).toBe(id);
      expect(tags).toContain(operation?.tags[0]);
      const isOpen = HANDLERS[id].access === 'anyone';
      expect(operation?.['x-permission'], id).toBe(isOpen ? null : HANDLERS[id].access);
      expect(operation?.security, id).toEqual(isOpen ? [] : undefined);
      const answer = operation?.responses[status];
      expect(answer && 'content' in answer, id).toBe(status !== 204);
      expect(operation?.responses.default, id).toEqual({ $ref: '#/components/responses/Problem' });
      const parameters = (operation?.parameters ?? []).flatMap((each) => ('name' in each ? [each] : []));
      const body = operation?.requestBody?.content['application/json']?.schema;
      const told = [...parameters.map(({ name }) => name), ...Object.keys(body?.properties ?? {})];
      expect(told.sort(), id).toEqual(Object.keys(input._zod.def.shape).sort());
      const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => `{${name}}`);
      expect(inPath.sort(), id).toEqual((path.match(/\{\w+\}/g) ?? []).sort());
    }
  });
});

/** Code of somebody who uses the generated types: it compiles only when they are right. */
const USER = `
import type { components, operations, paths } from './api';
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(value: T) => value;

type Summary = components['schemas']['RunSummary'];
same<Same<Summary['number'], number>>(true);
same<Same<Summary['reason'], string | null>>(true);
type Queued = operations['requestDeploy']['responses'][202]['content']['application/json'];
same<Same<Queued['runId'], string>>(true);
same<Same<Queued['status'], 'awaiting_approval' | 'queued'>>(true);
type Body = NonNullable<operations['requestDeploy']['requestBody']>['content']['application/json'];
const body: Body = { tag: 'v1.3.0', planHash: '0' };
export const withReason: Body = { ...body, reason: 'because' };
type Page = paths['/runs']['get']['responses'][200]['content']['application/json'];
same<Same<Page['rows'], Summary[]>>(true);
same<Same<paths['/runs/{runId}']['get']['parameters']['path'], { runId: string }>>(true);
type Problem = components['schemas']['Problem'];
same<Same<Problem['fields'], { [key: string]: string[] } | undefined>>(true);
export const kind: Problem['kind'] = 'stale_plan';
same<Same<operations['liftLock']['responses'][204]['content'], undefined>>(true);
type Key = NonNullable<operations['requestDeploy']['parameters']['header']>['Idempotency-Key'];
same<Same<Key, string | undefined>>(true);
`;

describe('a client generated by openapi-typescript', () => {
  let generated: string;
  beforeAll(async () => {
    generated = astToString(await openapiTypescript(JSON.stringify(document)));
  }, 60_000);

  it('compiles, and its types are what the console says', () => {
    expect(problemsOf({ 'api.ts': generated, 'user.ts': USER })).toEqual([]);
  }, 60_000);

  it('refuses what the console would refuse', () => {
    const wrong = `${USER}
export const noTag: Body = { planHash: '0' };
export const unknown: Body = { ...body, idempotency: 'x' } satisfies Body;
export const noKind: Problem['kind'] = 'teapot';`;
    const found = problemsOf({ 'api.ts': generated, 'user.ts': wrong });
    expect(found).toHaveLength(3);
    expect(found[0]).toContain("Property 'tag' is missing");
    expect(found[1]).toContain("'idempotency' does not exist");
    expect(found[2]).toContain('"teapot"');
  }, 60_000);
});

/** What the TypeScript compiler finds in files that exist only here. */
function problemsOf(files: Record<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const textOf = (name: string) => files[name.replace(/^.*\//, '')];
  host.fileExists = (name) => textOf(name) !== undefined || fileExists(name);
  host.readFile = (name) => textOf(name) ?? readFile(name);
  host.getSourceFile = (name, version) => {
    const text = textOf(name);
    return text === undefined ? getSourceFile(name, version) : ts.createSourceFile(name, text, version);
  };
  return ts
    .getPreEmitDiagnostics(ts.createProgram(Object.keys(files), options, host))
    .map(
      ({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}
