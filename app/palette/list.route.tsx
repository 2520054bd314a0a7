import type { MetaFunction } from '@remix-run/node';
import { Form, Link, useLoaderData } from '@remix-run/react';
import { Ban } from 'lucide-react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { useSubject } from '#app/components/layout/root-data';
import { shortcutsOf } from '#app/components/shortcuts/registry';
import { ShortcutList } from '#app/components/shortcuts/shortcut-list';
import { Section } from '#app/components/ui/section';
import { protectedLoader } from '#app/http/protected.server';
import { cn } from '#app/lib/cn';
import { paths } from '#app/lib/paths';
import { makeCatalogue } from '#app/palette/catalogue';
import { GROUPS, type PaletteEntry } from '#app/palette/entry';
import { readFacts } from '#app/palette/facts.server';
import { ENTRY_ICONS } from '#app/palette/icons';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Everything you can do');

export const loader = protectedLoader({ access: 'overview.read' }, async ({ ctx, context, request }) => ({
  entries: makeCatalogue(await readFacts(ctx, context, request)),
}));

/** The palette as a page: for phones without a keyboard, for reading, and without JavaScript. */
export default function PaletteList() {
  const entries = useLoaderData<typeof loader>().entries as PaletteEntry[];
  const subject = useSubject();
  const groups = Object.entries(GROUPS)
    .map(([group, title]) => ({ title, own: entries.filter((entry) => entry.group === group) }))
    .filter(({ own }) => own.length > 0);
  return (
    <>
      <PageHeader title="Everything you can do">
        Now, in this console. What cannot be done says why; what touches the shop asks before it acts.
      </PageHeader>
      <div className="gap-4 lg:columns-2">
        {groups.map(({ title, own }) => (
          <Section key={title} title={title} flush className="mb-4 break-inside-avoid-column">
            <ul className="p-1.5">
              {own.map((entry) => (
                <li key={entry.id}>
                  <Entry entry={entry} />
                </li>
              ))}
            </ul>
          </Section>
        ))}
        <Section title="Keyboard" anchor="keyboard" className="mb-4 break-inside-avoid-column">
          <ShortcutList shortcuts={shortcutsOf(subject)} />
        </Section>
      </div>
    </>
  );
}

const ROW = 'hit flex w-full items-center gap-3 rounded-m px-2.5 py-1 text-left no-underline';

function Entry({ entry }: { entry: PaletteEntry }) {
  const { does } = entry;
  if (entry.blockedBy) {
    return (
      <p className={ROW}>
        <Label entry={entry} />
      </p>
    );
  }
  if (does.kind === 'send') {
    return (
      <Form method="post" action={does.action} preventScrollReset>
        {Object.entries({ ...does.fields, returnTo: paths.palette() }).map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        <button type="submit" className={cn(ROW, 'hover:bg-hover')}>
          <Label entry={entry} />
        </button>
      </Form>
    );
  }
  return (
    <Link to={does.href} reloadDocument={does.kind === 'document'} className={cn(ROW, 'hover:bg-hover')}>
      <Label entry={entry} />
    </Link>
  );
}

function Label({ entry }: { entry: PaletteEntry }) {
  const Icon = entry.blockedBy ? Ban : ENTRY_ICONS[entry.icon];
  return (
    <>
      <Icon
        aria-hidden="true"
        size={16}
        className={cn('shrink-0', entry.blockedBy ? 'text-faint' : 'text-muted')}
      />
      <span className="min-w-0 flex-1">
        <span className={entry.blockedBy ? 'text-muted' : ''}>{entry.title}</span>
        {entry.blockedBy || entry.detail ? (
          <span className="block text-s text-muted">{entry.blockedBy ?? entry.detail}</span>
        ) : null}
      </span>
      {entry.command ? (
        <code className="shrink-0 text-s text-muted max-sm:hidden">{entry.command}</code>
      ) : null}
    </>
  );
}
