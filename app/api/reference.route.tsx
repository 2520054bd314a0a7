import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData, useSearchParams } from '@remix-run/react';
import { FileJson, Search, SearchX } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { FieldList } from '#app/api/field-list';
import { OperationEntry } from '#app/api/operation-entry';
import { Prose } from '#app/api/prose';
import { filterGroups, type GroupView, shapeReference } from '#app/api/reference';
import { ReferenceBasics } from '#app/api/reference-basics';
import { useHashScroll } from '#app/api/use-hash-scroll';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useRootData } from '#app/components/layout/root-data';
import { Button, LinkButton } from '#app/components/ui/button';
import { EmptyState } from '#app/components/ui/notice';
import { Section } from '#app/components/ui/section';
import { protectedLoader } from '#app/http/protected.server';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { getApiDocument } from '#server/api/queries';
import { PROBLEMS } from '#server/http/contract';
import { ERROR_STATUS, type ErrorKind } from '#server/platform/errors';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'API reference');

export const loader = protectedLoader({ access: 'anyone' }, async ({ ctx, url }) => ({
  reference: shapeReference(await getApiDocument(ctx, {}), url.origin),
  problems: (Object.keys(PROBLEMS) as ErrorKind[]).map((kind) => ({
    kind,
    status: ERROR_STATUS[kind],
    ...PROBLEMS[kind],
  })),
  limits: { signedIn: ctx.env.API_REQUESTS_PER_MINUTE, anonymous: ctx.env.API_ANONYMOUS_PER_MINUTE },
}));

export default function ApiReference() {
  const { reference, problems, limits } = useLoaderData<typeof loader>();
  const [query] = useSearchParams();
  useHashScroll();
  const [search, setSearch] = useState(query.get('search') ?? '');
  const groups = filterGroups(reference.groups, search);
  const count = groups.reduce((sum, { operations }) => sum + operations.length, 0);
  return (
    <Frame>
      <PageHeader
        title="API reference"
        actions={
          <LinkButton to={paths.apiDocument()} reloadDocument prefetch="none">
            <FileJson aria-hidden="true" size={15} />
            OpenAPI document
          </LinkButton>
        }
      >
        <Prose text={reference.introduction[0] ?? ''} />
      </PageHeader>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-4 lg:grid-cols-[13rem_minmax(0,1fr)]">
        <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-3 lg:sticky lg:top-16 lg:max-h-[calc(100dvh-5rem)] lg:self-start lg:overflow-y-auto lg:p-1">
          <Form method="get" role="search" className="flex gap-2">
            <label className="relative block flex-1">
              <span className="sr-only">Search the reference</span>
              <Search
                aria-hidden="true"
                size={14}
                className="absolute top-1/2 left-2.5 -translate-y-1/2 text-faint"
              />
              <input
                type="search"
                name="search"
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
                placeholder="deploy, POST, tag…"
                className="control border-line pl-8"
              />
            </label>
            <noscript>
              <Button type="submit">Search</Button>
            </noscript>
          </Form>
          <p role="status" className="text-s text-muted">
            {plural(count, 'call')}
            {search ? ' found' : ''}
          </p>
          <Contents groups={groups} />
        </div>
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4">
          {search ? null : (
            <ReferenceBasics
              introduction={reference.introduction.slice(1)}
              idempotencyKey={reference.idempotencyKey}
              limits={limits}
              problems={problems}
            />
          )}
          {groups.map((group) => (
            <Section
              key={group.name}
              title={group.name}
              note={group.description}
              anchor={`group-${group.name}`}
            >
              <div className="-my-4">
                {group.operations.map((operation) => (
                  <OperationEntry key={operation.id} operation={operation} />
                ))}
              </div>
            </Section>
          ))}
          {groups.length === 0 ? (
            <EmptyState icon={SearchX} title="No call is like that">
              Search by what it does, its path, a field or a permission.
            </EmptyState>
          ) : null}
          <Section title="Schemas" anchor="schemas" note="What answers are made of.">
            <div className="grid gap-5">
              {reference.schemas.map(({ name, fields }) => (
                <div key={name} id={`schema-${name}`} className="scroll-mt-16 target:bg-herb-soft/40">
                  <h3 className="mb-1 text-m">{name}</h3>
                  <FieldList fields={fields} />
                </div>
              ))}
            </div>
          </Section>
        </div>
      </div>
    </Frame>
  );
}

function Contents({ groups }: { groups: readonly GroupView[] }) {
  return (
    <nav aria-label="On this page" className="max-lg:hidden">
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-3">
        {groups.map(({ name, operations }) => (
          <li key={name}>
            <a href={`#group-${name}`} className="block py-1 font-medium no-underline hover:underline">
              {name}
            </a>
            <ul>
              {operations.map(({ id, summary }) => (
                <li key={id}>
                  <a
                    href={`#${id}`}
                    className="block truncate py-1 text-s text-muted no-underline hover:text-ink"
                    title={summary}
                  >
                    {summary}
                  </a>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Somebody without a login has no frame around the page. */
function Frame({ children }: { children: ReactNode }) {
  if (useRootData()?.viewer) return children;
  return (
    <main id="main" className="mx-auto max-w-7xl px-3 py-4 md:px-5">
      <p className="mb-4">
        <Link to={paths.login(paths.apiReference())} className="link">
          Sign in
        </Link>
      </p>
      {children}
    </main>
  );
}
