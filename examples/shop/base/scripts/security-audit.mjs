import { readdirSync, readFileSync } from 'node:fs';
import { missingHeaders, scanSource } from './security-rules.mjs';

const sources = ['src', 'scripts']
  .flatMap((directory) => readdirSync(directory, { recursive: true }).map((name) => `${directory}/${name}`))
  .filter((file) => /\.(mjs|js)$/.test(file))
  .sort()
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

if (sources.length === 0) fail('there is no source to audit: run this in the root of a release');
const findings = sources.flatMap(({ file, text }) => scanSource(file, text));
const served = sources.filter(({ file }) => file.startsWith('src/'));
for (const header of missingHeaders(served)) {
  findings.push({ file: 'src', line: 0, rule: 'missing-header', message: `no answer sets ${header}` });
}
for (const { file, line, rule, message } of findings)
  process.stdout.write(`${file}:${line} ${rule}: ${message}\n`);
if (findings.length > 0) fail(`${findings.length} finding(s) in ${sources.length} files`);
process.stdout.write(`no findings in ${sources.length} files\n`);

/** @param {string} message */
function fail(message) {
  process.stderr.write(`security audit failed: ${message}\n`);
  process.exit(1);
}
