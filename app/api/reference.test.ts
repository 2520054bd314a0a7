import { describe, expect, it } from 'vitest';
import { fieldsOf, filterGroups, limitsOf, shapeReference, typeOf } from '#app/api/reference';
import { describeApi } from '#server/api/openapi';
import { OPERATIONS } from '#server/api/operations';

const reference = shapeReference(describeApi(), 'https://ops.example');
const operations = reference.groups.flatMap((group) => group.operations);
const operation = (id: string) => {
  const found = operations.find((each) => each.id === id);
  if (!found) throw new Error(`The reference has no ${id}`);
  return found;
};

describe('the reference', () => {
  it('shows every operation of the table once, and what is beside it', () => {
    const ids = operations.map(({ id }) => id);
    expect(ids.toSorted()).toEqual([...Object.keys(OPERATIONS), 'probeHealth', 'watchLive'].toSorted());
    expect(operation('probeHealth').path).toBe('/api/health');
  });

  it('says who may, what goes in and what comes out', () => {
    const deploy = operation('requestDeploy');
    expect(deploy).toMatchObject({
      method: 'POST',
      path: '/api/v1/environments/{service}/{environment}/deployments',
      permission: 'deployments.deploy',
      access: 'Needs the role Responder or above, and of a token the scope `deployments.deploy`.',
    });
    expect(deploy.inPath.map(({ name }) => name)).toEqual(['service', 'environment']);
    expect(deploy.body.find(({ name }) => name === 'reason')).toMatchObject({
      required: false,
      limits: ['at most 500 characters'],
    });
    const [answer] = deploy.answers;
    expect(answer).toMatchObject({ status: '202', type: { text: 'StartedRun', schema: 'StartedRun' } });
    expect(JSON.parse(answer?.sample ?? '')).toHaveProperty('runId');
  });

  it('gives a request that can be copied', () => {
    expect(operation('requestRollback').curl).toMatch(
      /^curl -X POST 'https:\/\/ops\.example\/api\/v1\/environments\/shop\/production\/rollbacks' \\\n {2}-H "Authorization: Bearer \$OPS_TOKEN" \\\n {2}-H "Idempotency-Key: \$\(uuidgen\)" \\\n {2}-H 'Content-Type: application\/json' \\\n {2}-d '\{"planHash":"[0-9a-f]{64}"\}'$/,
    );
    expect(operation('logIn').curl).not.toContain('Authorization');
    expect(operation('getOverview').curl).not.toContain('Idempotency-Key');
    expect(operation('findRunByNumber').curl).not.toContain('{');
  });

  it('leads from types only to schemas that are on the page', () => {
    const names = new Set(reference.schemas.map(({ name }) => name));
    const fields = [
      ...operations.flatMap((each) => [
        ...each.inQuery,
        ...each.body,
        ...each.answers.flatMap((one) => one.fields),
      ]),
      ...reference.schemas.flatMap((schema) => schema.fields),
    ];
    const led = [
      ...fields.map(({ type }) => type.schema),
      ...operations.flatMap((each) => each.answers.map((one) => one.type?.schema ?? null)),
    ];
    expect(led.filter((name) => name !== null).length).toBeGreaterThan(30);
    expect(led.filter((name) => name !== null && !names.has(name))).toEqual([]);
  });

  it('finds operations by every word, wherever it is', () => {
    const ids = (search: string) =>
      filterGroups(reference.groups, search).flatMap((group) => group.operations.map(({ id }) => id));
    expect(ids('POST /rollbacks')).toEqual(['requestRollback']);
    expect(ids('people.manage')).toContain('createPerson');
    expect(ids('freezeOverrideReason')).toEqual(['requestDeploy']);
    expect(ids('no such quokka')).toEqual([]);
  });
});

describe('schemas in words', () => {
  it('tells types and limits', () => {
    expect(typeOf({ type: 'array', items: { $ref: '#/components/schemas/RunSummary' } })).toEqual({
      text: 'list of RunSummary',
      schema: 'RunSummary',
    });
    expect(typeOf({ anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] }).text).toBe(
      'string, a time or null',
    );
    expect(limitsOf({ type: 'integer', minimum: 10, maximum: 200, default: 50 })).toEqual([
      '10 to 200',
      'by default `50`',
    ]);
    expect(limitsOf({ type: 'array', minItems: 1, items: { enum: ['a', 'b'] } })).toEqual([
      '1 or more entries',
      'each one of `a`, `b`',
    ]);
  });

  it('lists what is inside unnamed objects with the way to it', () => {
    const row = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
    const schema = { type: 'object', properties: { rows: { type: 'array', items: row } } };
    expect(fieldsOf(schema).map(({ name, required }) => [name, required])).toEqual([
      ['rows', false],
      ['rows[].id', true],
    ]);
  });
});
