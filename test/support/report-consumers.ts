/** Those who read drift's reports: what they object to; empty: nothing. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';

const JUNIT_SCHEMA = fileURLToPath(new URL('../unit/report/junit-10.xsd', import.meta.url));

/** Runs a program with the text as its input. */
function objectionsOf(program: string, args: readonly string[], input: string): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return status === 0 && !stdout.includes('error')
    ? ''
    : `exit ${String(status)}: ${stdout}${stderr}`;
}

/** `xmllint` with the schema of JUnit files. */
export const junitObjections = (text: string): string =>
  objectionsOf('xmllint', ['--noout', '--nonet', '--schema', JUNIT_SCHEMA, '-'], text);

/** `promtool check metrics`, which is strict about names, types and help. */
export const metricsObjections = (text: string): string =>
  objectionsOf('promtool', ['check', 'metrics'], text);

const sarif = ((): Record<string, unknown> => {
  // As schemastore.org publishes it.
  const file = new URL('../unit/report/sarif-2.1.0-rtm.5.json', import.meta.url);
  const schema = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  // It says that it is of draft 4, and uses nothing that draft 7 reads otherwise.
  delete schema['$schema'];
  delete schema['id'];
  return schema;
})();

const validateSarif = new Ajv({
  strict: false,
  allErrors: true,
  validateFormats: false,
  unicodeRegExp: false,
}).compile(sarif);

/** What chromium shows of a page, as the markup of its tree, and what it complains about: blocked styles, scripts, pictures. */
export function browsed(file: string): { tree: string; complaints: string } {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr'];
  const { error, status, stdout, stderr } = spawnSync(
    'chromium',
    [...flags, '--dump-dom', pathToFileURL(file).href],
    { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
  );
  if (error !== undefined) throw error;
  const complaints = stderr.split('\n').filter((line) => line.includes(':CONSOLE'));
  return {
    tree: stdout,
    complaints: status === 0 ? complaints.join('\n') : `exit ${String(status)}: ${stderr}`,
  };
}

/** The published schema of SARIF 2.1.0. */
export const sarifObjections = (text: string): string =>
  validateSarif(JSON.parse(text)) ? '' : JSON.stringify(validateSarif.errors?.slice(0, 5));
