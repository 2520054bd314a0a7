import { Prose } from '#app/api/prose';
import type { FieldView, TypeView } from '#app/api/reference';

/** Fields with their types, limits and meanings. */
export function FieldList({ title, fields }: { title?: string; fields: readonly FieldView[] }) {
  if (fields.length === 0) return null;
  return (
    <div>
      {title ? <h4 className="mb-1 font-semibold">{title}</h4> : null}
      <dl className="border-t border-line">
        {fields.map((field) => (
          <div
            key={field.name}
            className="grid gap-x-4 border-b border-line py-1.5 sm:grid-cols-[minmax(7rem,10rem)_minmax(0,1fr)]"
          >
            <dt className="min-w-0 break-words">
              <code className="font-medium">{field.name}</code>
              {field.required ? null : <span className="text-s text-muted"> optional</span>}
            </dt>
            <dd className="min-w-0 break-words">
              <Type type={field.type} />
              {field.limits.map((limit) => (
                <span key={limit} className="text-muted">
                  {'; '}
                  <Prose text={limit} />
                </span>
              ))}
              {field.description ? (
                <p className="text-muted">
                  <Prose text={field.description} />
                </p>
              ) : null}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** A type, leading to its schema where it has a name. */
export function Type({ type }: { type: TypeView }) {
  if (!type.schema) return <span>{type.text}</span>;
  const [before = '', after = ''] = type.text.split(type.schema);
  return (
    <span>
      {before}
      <a href={`#schema-${type.schema}`} className="link">
        {type.schema}
      </a>
      {after}
    </span>
  );
}
