import ts from 'typescript';

/** @typedef {{ file: string, line: number, rule: string, message: string }} Finding */

const secretName = /(secret|password|passwd|token|api_?key|access_?key|private_?key|credential)/i;
const knownSecret =
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[\w-]{20,})/;
const sqlText =
  /^\s*(select\b[\s\S]*\bfrom\b|insert\s+into\b|update\b[\s\S]*\bset\b|delete\s+from\b|with\b[\s\S]*\bas\s*\()/i;

/** Headers that every answer must carry. */
export const requiredHeaders = [
  'content-security-policy',
  'x-content-type-options',
  'x-frame-options',
  'referrer-policy',
  'permissions-policy',
];

/**
 * Reads one source file for hard-coded secrets, code made from text, and SQL made from values.
 * @param {string} file
 * @param {string} text
 * @returns {Finding[]}
 */
export function scanSource(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const findings = /** @type {Finding[]} */ ([]);
  /**
   * @param {ts.Node} node
   * @param {string} rule
   * @param {string} message
   */
  const report = (node, rule, message) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    findings.push({ file, line, rule, message });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    const secret = hardCodedSecret(node);
    if (secret)
      report(node, 'hard-coded-secret', `${secret} is written in the source: read it from the environment`);
    const dynamic = dynamicCode(node);
    if (dynamic) report(node, 'dynamic-code', `${dynamic} runs text as code`);
    if (isBuiltSql(node)) report(node, 'sql-injection', 'SQL is put together from values: use $1 parameters');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

/**
 * The required headers that no object of these sources sets.
 * @param {{ file: string, text: string }[]} sources
 */
export function missingHeaders(sources) {
  const set = new Set(
    sources.flatMap(({ file, text }) => {
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
      return propertyNames(source);
    }),
  );
  return requiredHeaders.filter((header) => !set.has(header));
}

/**
 * @param {ts.Node} node
 * @returns {string | null} the name that holds the secret
 */
function hardCodedSecret(node) {
  if (ts.isStringLiteralLike(node) && knownSecret.test(node.text)) return 'a credential';
  const [name, value] = namedValue(node);
  if (!name || !value || !ts.isStringLiteralLike(value) || !secretName.test(name)) return null;
  return looksRandom(value.text) ? name : null;
}

/**
 * @param {ts.Node} node
 * @returns {[string | undefined, ts.Expression | undefined]}
 */
function namedValue(node) {
  if (ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node)) {
    return [node.name.getText().replace(/['"]/g, ''), node.initializer];
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return [node.left.getText(), node.right];
  }
  return [undefined, undefined];
}

/**
 * A value that a person would not write as a label: long, unbroken, with letters and digits, at least 3 bits a
 * character.
 * @param {string} text
 */
function looksRandom(text) {
  if (text.length < 16 || /\s/.test(text) || !/[a-z]/i.test(text) || !/\d/.test(text)) return false;
  const counts = new Map();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const bits = [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  );
  return bits >= 3;
}

/**
 * @param {ts.Node} node
 * @returns {string | null}
 */
function dynamicCode(node) {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Function') return 'new Function';
  if (!ts.isCallExpression(node)) return null;
  const callee = node.expression.getText();
  const [first] = node.arguments;
  if (callee === 'eval' || callee === 'globalThis.eval' || callee === 'Function') return callee;
  if (/^set(Timeout|Interval)$/.test(callee) && first && ts.isStringLiteralLike(first))
    return `${callee} with text`;
  return null;
}

/** @param {ts.Node} node */
function isBuiltSql(node) {
  if (ts.isTemplateExpression(node)) {
    if (node.templateSpans.every((span) => isQuoted(span.expression))) return false;
    return (
      isQueryArgument(node) ||
      sqlText.test(`${node.head.text}${node.templateSpans.map((span) => ` ${span.literal.text}`).join('')}`)
    );
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return false;
  return isQueryArgument(node) || (ts.isStringLiteralLike(node.left) && sqlText.test(node.left.text));
}

/**
 * A name or value that the driver has quoted; statements such as `create schema` take no parameters.
 * @param {ts.Node} node
 */
function isQuoted(node) {
  return ts.isCallExpression(node) && /(^|\.)escape(Identifier|Literal)$/.test(node.expression.getText());
}

/** @param {ts.Node} node */
function isQueryArgument(node) {
  const call = node.parent;
  return (
    ts.isCallExpression(call) &&
    call.arguments[0] === node &&
    ts.isPropertyAccessExpression(call.expression) &&
    call.expression.name.text === 'query'
  );
}

/**
 * @param {ts.Node} root
 * @returns {string[]}
 */
function propertyNames(root) {
  const names = /** @type {string[]} */ ([]);
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isPropertyAssignment(node)) names.push(node.name.getText().replace(/['"]/g, '').toLowerCase());
    ts.forEachChild(node, visit);
  };
  visit(root);
  return names;
}
