import { readFileSync } from 'node:fs';

const source = (path: string): string =>
  readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8');

/**
 * The text of a script as it runs on a host, with what stands before each: for `sh -c TEXT sh PARAMETER…`.
 * `path` is that below src/; `memory` takes the place of /run.
 */
export const hostScript = (path: string, memory = '/run'): string =>
  source('host/scripts/common.sh').replaceAll('/run', memory) +
  (READ_ENVIRONMENT.includes(path) ? source('host/scripts/environment-file.sh') : '') +
  source(path);

/** Scripts that the functions which read environment files stand before as well. */
const READ_ENVIRONMENT: readonly string[] = [
  'probe/probe.sh',
  'probe/read-import.sh',
  'host/scripts/files/set-environment.sh',
];

/** The arguments for a shell that runs it. */
export const hostScriptArgs = (path: string, params: readonly string[] = []): readonly string[] => [
  '-c',
  hostScript(path),
  'sh',
  ...params,
];
