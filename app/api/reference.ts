import type {
  ApiDocument,
  ApiOperation,
  ApiParameter,
  ApiReference,
  ApiResponse,
  JsonSchema,
} from '#server/api/contract';

/** One field of a body, an answer or a schema, ready to be shown. */
export interface FieldView {
  /** With the way to it: `rows[].id`. */
  name: string;
  type: TypeView;
  required: boolean;
  /** What is allowed, in words; empty where everything is. */
  limits: string[];
  description: string;
}

/** A type in words; `schema` is the named one that it leads to. */
export interface TypeView {
  text: string;
  schema: string | null;
}

/** One call as the reference shows it. */
export interface OperationView {
  id: string;
  method: string;
  /** The whole path on this console. */
  path: string;
  summary: string;
  /** Paragraphs. */
  description: string[];
  /** Who may call it, in a sentence. */
  access: string;
  permission: string | null;
  inPath: FieldView[];
  inQuery: FieldView[];
  inHeader: FieldView[];
  body: FieldView[];
  curl: string;
  answers: AnswerView[];
}

export interface AnswerView {
  status: string;
  description: string;
  type: TypeView | null;
  fields: FieldView[];
  headers: { name: string; description: string }[];
  /** A value of this shape as JSON; null where there is no body. */
  sample: string | null;
}

export interface GroupView {
  name: string;
  description: string;
  operations: OperationView[];
}

export interface ReferenceView {
  title: string;
  version: string;
  introduction: string[];
  groups: GroupView[];
  schemas: { name: string; fields: FieldView[] }[];
  idempotencyKey: FieldView;
}

const METHODS = ['get', 'post', 'patch', 'delete'] as const;
const NAMED = '#/components/schemas/';
/** Named schemas inside one another that a sample writes out; deeper ones are told by their names. */
const SAMPLE_DEPTH = 2;

/** Shapes the OpenAPI document for reading. @param origin of this console, for the examples */
export function shapeReference(document: ApiDocument, origin: string): ReferenceView {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const root = (item.servers ?? document.servers)[0]?.url ?? '/';
      const view = shapeOperation(document, operation, method, `${root.replace(/\/$/, '')}${path}`, origin);
      return [{ group: operation.tags[0], view }];
    }),
  );
  const key = document.components.parameters.IdempotencyKey;
  if (!key) throw new Error('The document does not describe the Idempotency-Key');
  return {
    title: document.info.title,
    version: document.info.version,
    introduction: document.info.description.split('\n\n'),
    groups: document.tags.map(({ name, description = '' }) => ({
      name,
      description,
      operations: operations.filter(({ group }) => group === name).map(({ view }) => view),
    })),
    schemas: Object.entries(document.components.schemas).map(([name, schema]) => ({
      name,
      fields: fieldsOf(schema),
    })),
    idempotencyKey: fieldOfParameter(key),
  };
}

function shapeOperation(
  document: ApiDocument,
  operation: ApiOperation,
  method: string,
  path: string,
  origin: string,
): OperationView {
  const parameters = (operation.parameters ?? []).map((parameter) =>
    '$ref' in parameter ? resolveParameter(document, parameter) : parameter,
  );
  const body = operation.requestBody?.content['application/json'];
  const paragraphs = operation.description.split('\n\n');
  const within = (where: ApiParameter['in']) =>
    parameters.filter((parameter) => parameter.in === where).map(fieldOfParameter);
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    summary: operation.summary,
    description: paragraphs.slice(0, -1),
    access: paragraphs.at(-1) ?? '',
    permission: operation['x-permission'],
    inPath: within('path'),
    inQuery: within('query'),
    inHeader: within('header'),
    body: body ? fieldsOf(body.schema) : [],
    curl: curlOf(document, operation, method, path, origin, parameters),
    answers: Object.entries(operation.responses).flatMap(([status, response]) =>
      '$ref' in response ? [] : [shapeAnswer(document, status, response)],
    ),
  };
}

function shapeAnswer(document: ApiDocument, status: string, response: ApiResponse): AnswerView {
  const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
  const schema = content?.schema;
  return {
    status,
    description: response.description,
    type: schema ? (type === 'application/json' ? typeOf(schema) : { text: type ?? '', schema: null }) : null,
    fields: schema && !schema.$ref ? fieldsOf(schema) : [],
    headers: Object.entries(response.headers ?? {}).map(([name, header]) => ({
      name,
      description: header.description,
    })),
    sample: schema && type === 'application/json' ? toJson(sampleOf(document, schema)) : null,
  };
}

function resolveParameter(document: ApiDocument, { $ref }: ApiReference): ApiParameter {
  const parameter = document.components.parameters[$ref.split('/').at(-1) ?? ''];
  if (!parameter) throw new Error(`The document refers to ${$ref}, which it does not have`);
  return parameter;
}

function fieldOfParameter(parameter: ApiParameter): FieldView {
  return {
    name: parameter.name,
    type: typeOf(parameter.schema),
    required: parameter.required,
    limits: limitsOf(parameter.schema),
    description: parameter.description ?? parameter.schema.description ?? '',
  };
}

/** The fields of an object, those of unnamed objects inside it below them. */
export function fieldsOf(schema: JsonSchema, before = ''): FieldView[] {
  const inner = insideOf(schema);
  if (inner.schema.type !== 'object' || !inner.schema.properties) {
    return before === '' && schema.items ? fieldsOf(schema.items, '[].') : [];
  }
  const { properties, required = [] } = inner.schema;
  const prefix = inner.isList && before === '' ? '[].' : before;
  return Object.entries(properties).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const nested = insideOf(field);
    return [
      {
        name,
        type: typeOf(field),
        required: required.includes(key),
        limits: limitsOf(field),
        description: field.description ?? '',
      },
      ...fieldsOf(nested.schema, `${name}${nested.isList ? '[]' : ''}.`),
    ];
  });
}

/** An unnamed object in a list or with null beside it. */
function insideOf(schema: JsonSchema): { schema: JsonSchema; isList: boolean } {
  const something = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  const [only] = something;
  if (only && something.length === 1) return insideOf(only);
  if (schema.items) return { schema: insideOf(schema.items).schema, isList: true };
  return { schema, isList: false };
}

/** What kind of value a schema is about, in words. */
export function typeOf(schema: JsonSchema): TypeView {
  if (schema.$ref) {
    const name = schema.$ref.replace(NAMED, '');
    return { text: name, schema: name };
  }
  if (schema.anyOf) {
    const parts = schema.anyOf.map(typeOf);
    const texts = [...new Set(parts.map(({ text }) => text))];
    return { text: texts.join(' or '), schema: parts.find((part) => part.schema)?.schema ?? null };
  }
  if (schema.const !== undefined) return { text: JSON.stringify(schema.const), schema: null };
  if (schema.items) {
    const item = typeOf(schema.items);
    return { text: `list of ${item.text}`, schema: item.schema };
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object' && !schema.properties) {
    const value = typeOf(additionalProperties);
    return { text: `map to ${value.text}`, schema: value.schema };
  }
  const plain = [schema.type ?? 'anything'].flat().join(' or ');
  return {
    text: schema.format ? `${plain}, ${FORMATS[schema.format] ?? schema.format}` : plain,
    schema: null,
  };
}

const FORMATS: Record<string, string> = { 'date-time': 'a time', uuid: 'an id', email: 'an e-mail address' };

/** What a schema allows, in words. */
export function limitsOf(schema: JsonSchema): string[] {
  const own = insideOf(schema).isList ? schema : insideOf(schema).schema;
  const item = own.items && !own.items.$ref ? limitsOf(own.items).map((limit) => `each ${limit}`) : [];
  return [
    own.enum ? `one of ${own.enum.map((value) => `\`${String(value)}\``).join(', ')}` : '',
    between(own.minLength, own.maxLength, 'characters'),
    between(own.minimum, own.maximum, ''),
    between(own.minItems, own.maxItems, 'entries'),
    own.pattern ? `like \`${own.pattern}\`` : '',
    schema.default !== undefined ? `by default \`${JSON.stringify(schema.default)}\`` : '',
    ...item,
  ].filter((limit) => limit !== '');
}

function between(least: number | undefined, most: number | undefined, unit: string): string {
  const words = (text: string) => `${text} ${unit}`.trim();
  if (least !== undefined && most !== undefined) return words(`${least} to ${most}`);
  if (least !== undefined) return words(`${least} or more`);
  return most === undefined ? '' : words(`at most ${most}`);
}

function curlOf(
  document: ApiDocument,
  operation: ApiOperation,
  method: string,
  path: string,
  origin: string,
  parameters: ApiParameter[],
): string {
  const address = parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce(
      (text, { name, example, schema }) =>
        text.replace(`{${name}}`, encodeURIComponent(String(example ?? sampleOf(document, schema)))),
      path,
    );
  const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  const query = needed.map(
    ({ name, schema }) => `${name}=${encodeURIComponent(String(sampleOf(document, schema)))}`,
  );
  const body = operation.requestBody?.content['application/json'];
  const sent = body && (body.example ?? sampleOf(document, onlyRequired(body.schema)));
  const isOpen = operation.security?.length === 0;
  const takesKey = parameters.some(({ name }) => name === 'Idempotency-Key');
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}'${origin}${address}${query.length > 0 ? `?${query.join('&')}` : ''}'`,
    ...(isOpen ? [] : [`-H "Authorization: Bearer $OPS_TOKEN"`]),
    ...(takesKey ? [`-H "Idempotency-Key: $(uuidgen)"`] : []),
    ...(sent
      ? [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(sent).replaceAll("'", "'\\''")}'`]
      : []),
  ].join(' \\\n  ');
}

function onlyRequired(schema: JsonSchema): JsonSchema {
  const { properties = {}, required = [] } = schema;
  // Where nothing is required, one field shows how it is said.
  const names = required.length > 0 ? required : Object.keys(properties).slice(0, 1);
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name))),
  };
}

/** A value of the schema's shape: the first of what is allowed, and what says its type where nothing is. */
export function sampleOf(document: ApiDocument, schema: JsonSchema, depth = 0): unknown {
  if (schema.$ref) {
    const name = schema.$ref.replace(NAMED, '');
    const named = document.components.schemas[name];
    return named && depth < SAMPLE_DEPTH ? sampleOf(document, named, depth + 1) : name;
  }
  if (schema.examples?.length) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.anyOf) {
    const something = schema.anyOf.find(({ type }) => type !== 'null') ?? {};
    return sampleOf(document, something, depth);
  }
  if (schema.items) return [sampleOf(document, schema.items, depth)];
  const { properties } = schema;
  if (properties) {
    return Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [name, sampleOf(document, field, depth)]),
    );
  }
  const type = [schema.type].flat()[0];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type === 'object') return {};
  return type === 'string' ? (FORMAT_SAMPLES[schema.format ?? ''] ?? 'text') : null;
}

const FORMAT_SAMPLES: Record<string, string> = {
  'date-time': '2026-03-01T09:05:07.000Z',
  uuid: '0199d2f4-7c1e-7d5a-9b3c-2f6f3a1e8c40',
  email: 'name@example.com',
};

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** The groups with the operations in which every word of `search` is found; groups without any are left out. */
export function filterGroups(groups: readonly GroupView[], search: string): GroupView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...groups];
  return groups
    .map((group) => ({
      ...group,
      operations: group.operations.filter((operation) => {
        const fields = [...operation.inPath, ...operation.inQuery, ...operation.body];
        const text = [
          group.name,
          operation.id,
          operation.method,
          operation.path,
          operation.summary,
          ...operation.description,
          operation.permission ?? 'anyone',
          ...fields.map(({ name }) => name),
        ]
          .join(' ')
          .toLowerCase();
        return words.every((word) => text.includes(word));
      }),
    }))
    .filter(({ operations }) => operations.length > 0);
}
