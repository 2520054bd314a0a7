import type { Permission } from '#server/auth/contract';

/** The parts of JSON Schema (draft 2020-12) that the API's document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  examples?: unknown[];
}

export interface ApiParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
  example?: unknown;
}

export interface ApiReference {
  $ref: string;
}

export interface ApiResponse {
  description: string;
  headers?: Record<string, { description: string; schema: JsonSchema }>;
  content?: Record<string, { schema: JsonSchema }>;
}

/** One call as the document describes it. */
export interface ApiOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  /** What the caller must be allowed; null where anyone may call. */
  'x-permission': Permission | 'signed-in' | null;
  security?: Record<string, string[]>[];
  parameters?: (ApiParameter | ApiReference)[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema; example?: unknown }> };
  responses: Record<string, ApiResponse | ApiReference>;
}

export interface ApiServer {
  url: string;
  description: string;
}

export interface ApiPath {
  servers?: ApiServer[];
  get?: ApiOperation;
  post?: ApiOperation;
  patch?: ApiOperation;
  delete?: ApiOperation;
}

/** An OpenAPI 3.1 document, as far as this one goes. */
export interface ApiDocument {
  openapi: '3.1.1';
  info: { title: string; version: string; description: string };
  servers: ApiServer[];
  tags: { name: string; description?: string }[];
  security: Record<string, string[]>[];
  paths: Record<string, ApiPath>;
  components: {
    schemas: Record<string, JsonSchema>;
    parameters: Record<string, ApiParameter>;
    responses: Record<string, ApiResponse>;
    headers: Record<string, { description: string; schema: JsonSchema }>;
    securitySchemes: Record<string, Record<string, string>>;
  };
}
