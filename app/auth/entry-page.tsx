import type { ReactNode } from 'react';
import { BrandMark } from '#app/components/layout/brand';

/** The frame of the pages before a login. */
export function EntryPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto grid w-full max-w-md content-start gap-6 px-4 py-10 sm:py-16">
      <header className="flex items-center gap-3.5">
        <BrandMark size={40} />
        <div>
          <p className="text-s text-muted">HerbisVeritas Ops</p>
          <h1 className="text-l leading-tight">{title}</h1>
        </div>
      </header>
      {children}
    </main>
  );
}
