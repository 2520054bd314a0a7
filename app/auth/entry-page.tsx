import type { ReactNode } from 'react';

/** The frame of the pages before a login. */
export function EntryPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto grid w-full max-w-md content-start gap-5 px-4 py-10 sm:py-20">
      <header className="grid gap-1">
        <p className="text-s text-muted">HerbisVeritas Ops</p>
        <h1>{title}</h1>
      </header>
      {children}
    </main>
  );
}
