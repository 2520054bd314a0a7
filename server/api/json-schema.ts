import * as z from 'zod/mini';
import type { JsonSchema } from '#server/api/contract';

type AnySchema = z.core.$ZodType;

const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/** Gives schemas the names under which the document defines them once. */
class NamedSchemas extends z.core.$ZodRegistry<{ id?: string }> {
  readonly #names: ReadonlyMap<AnySchema, string>;

  constructor(names: ReadonlyMap<AnySchema, string>) {
    super();
    this.#names = names;
  }

  override get<S extends AnySchema>(schema: S) {
    const id = this.#names.get(schema);
    return { ...z.globalRegistry.get(schema), ...(id ? { id } : {}) } as never;
  }
}

/**
 * The exported object schemas of contract modules by their names in the document: `runSummary` is `RunSummary`.
 * @throws Error when two modules export different schemas of one name
 */
export function namedSchemas(modules: readonly Record<string, unknown>[]): Map<AnySchema, string> {
  const names = new Map<AnySchema, string>();
  for (const [key, value] of modules.flatMap((module) => Object.entries(module))) {
    if (!(value instanceof z.core.$ZodType) || value._zod.def.type !== 'object') continue;
    const name = key.charAt(0).toUpperCase() + key.slice(1);
    const other = [...names].find(([, taken]) => taken === name)?.[0];
    if (other && other !== value) throw new Error(`Two contracts export a schema named "${key}"`);
    names.set(value, name);
  }
  return names;
}

/** What a schema puts out, in terms of named schemas, which are added to `components`. */
export function outputSchema(
  schema: AnySchema,
  names: ReadonlyMap<AnySchema, string>,
  components: Record<string, JsonSchema>,
): JsonSchema {
  const { $schema: _, $defs, ...root } = convert(schema, 'output', names);
  for (const [name, definition] of Object.entries($defs ?? {})) components[name] = named(definition);
  return named(root);
}

/** What a schema takes in, without names. */
export function inputSchema(schema: AnySchema): JsonSchema {
  const { $schema: _, ...root } = convert(schema, 'input', new Map());
  return root;
}

type Converted = JsonSchema & { $schema?: string; $defs?: Record<string, JsonSchema> };

function convert(
  schema: AnySchema,
  io: 'input' | 'output',
  names: ReadonlyMap<AnySchema, string>,
): Converted {
  return z.toJSONSchema(schema, {
    io,
    metadata: new NamedSchemas(names),
    override: ({ jsonSchema }) => plain(jsonSchema as JsonSchema & { propertyNames?: unknown; id?: string }),
  }) as Converted;
}

/** Leaves out what says nothing to a reader: the pattern of a known format, the bounds of a safe integer. */
function plain(schema: JsonSchema & { propertyNames?: unknown; id?: string }): void {
  if (schema.format) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  // An answer may get more fields; callers must not rely on their absence.
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  delete schema.propertyNames;
  delete schema.id;
}

function named(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' ? value.replace(DEFINITIONS, COMPONENTS) : value,
  ) as JsonSchema;
}
