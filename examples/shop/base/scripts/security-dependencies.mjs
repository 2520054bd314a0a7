import { readFileSync } from 'node:fs';
import { messageOf } from '../src/log.mjs';
import { findAffected, listDependencies } from './advisories.mjs';

try {
  const dependencies = listDependencies(readJson('package.json'), readJson('package-lock.json'));
  const { advisories } = readJson('security/advisories.json');
  const affected = findAffected(dependencies, advisories);
  for (const { name, version, source, advisory } of affected) {
    process.stdout.write(
      `${source}: ${name} ${version} is affected by ${advisory.id} (${advisory.severity}): ${advisory.title}; use ${advisory.patched} or later\n`,
    );
  }
  if (affected.length > 0) throw new Error(`${affected.length} vulnerable dependency entr(ies)`);
  process.stdout.write(
    `no advisory of ${advisories.length} matches the ${dependencies.length} dependency entries\n`,
  );
} catch (error) {
  process.stderr.write(`dependency check failed: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
