import { Download } from 'lucide-react';

/** Downloads a table as it is shown. */
export function CsvLink({ href }: { href: string }) {
  return (
    <a
      href={href}
      download
      className="hit inline-flex items-center gap-1.5 rounded-m px-2 text-muted no-underline hover:bg-hover hover:text-ink max-md:hidden"
    >
      <Download aria-hidden="true" size={15} />
      CSV
    </a>
  );
}
