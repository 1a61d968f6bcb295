import { readFileSync } from 'node:fs';
import type { DesiredConnection } from '../../../src/pacemaker/procedures/edit.ts';

/** What Debian 12, 13 and unstable ship; `fixtures/README.md` says how the files were made. */
export const VERSIONS = ['2.1.5', '3.0.0', '3.0.3'] as const;

export const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

/** A connection as an inventory would ask for it. */
export const desired = (
  name: string,
  more: Partial<DesiredConnection> = {},
): DesiredConnection => ({
  name,
  server: `10.77.0.1${name.replace(/\D/g, '')}`,
  port: 3121,
  reconnectInterval: '60s',
  operations: {},
  meta: {},
  ...more,
});
