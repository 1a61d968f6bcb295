/** Can there be a lab on this machine at all? */
import { getuid } from 'node:process';

/** Why not, in one line; `undefined` where there can. */
export function unsupported(): string | undefined {
  if (process.platform !== 'linux') return `the lab needs Linux, this is ${process.platform}`;
  if (getuid?.() !== 0) return 'the lab needs root (namespaces, overlay mounts, cgroups)';
  return undefined;
}

/** Says so loudly and returns true where there can be no lab; in CI that is a failure. */
export function skipHere(): boolean {
  const reason = unsupported();
  if (reason === undefined) return false;
  console.error(`SKIPPED: ${reason}`);
  if (process.env['CI'] === 'true') process.exitCode = 1;
  return true;
}
