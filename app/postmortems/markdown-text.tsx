import { cn } from '#app/lib/cn';

/** What the server made of a Markdown text. */
export function MarkdownText({ html, className }: { html: string; className?: string }) {
  if (html === '') return <p className={cn('text-muted', className)}>Nothing is written here.</p>;
  return (
    <div
      className={cn('markdown min-w-0 break-words', className)}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: server/postmortems/markdown.ts alone makes it, and lets nothing run
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
