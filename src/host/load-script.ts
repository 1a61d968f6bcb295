import { readFileSync } from 'node:fs';

const loaded = new Map<string, string>();

/** The text of a shell script that lies beside the code, read once: `loadScript(new URL('./probe.sh', import.meta.url))`. */
export function loadScript(url: URL): string {
  const known = loaded.get(url.href);
  if (known !== undefined) return known;
  const text = readFileSync(url, 'utf8');
  loaded.set(url.href, text);
  return text;
}

const READER = new URL('./scripts/environment-file.sh', import.meta.url);

/** The same, with the functions that read environment files before it. */
export const loadWithEnvironmentReader = (url: URL): string => loadScript(READER) + loadScript(url);
