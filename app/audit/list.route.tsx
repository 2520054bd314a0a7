import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { protectedLoader } from '#app/http/protected.server';
import { listAudit } from '#server/audit/queries';

export const meta: MetaFunction = () => [{ title: 'Audit · HerbisVeritas Ops' }];

export const loader = protectedLoader({ access: 'audit.read' }, async ({ ctx, url }) =>
  listAudit(ctx, Object.fromEntries([...url.searchParams].filter(([, value]) => value !== ''))),
);

export default function Audit() {
  const { rows, total } = useLoaderData<typeof loader>();
  return (
    <main className="p-6">
      <h1>Audit</h1>
      <p className="text-muted">{total} entries</p>
      <ul>
        {rows.map((row) => (
          <li key={row.id}>
            <time dateTime={row.at}>{row.at}</time> {row.actorName} {row.action} {row.targetLabel}
          </li>
        ))}
      </ul>
    </main>
  );
}
