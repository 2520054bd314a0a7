#!/usr/bin/env node
// The `ops` of package.json's `bin`: what `npm run ops --` runs, from any folder.
process.argv.splice(2, 0, 'ops');
await import('./boot.mjs');
