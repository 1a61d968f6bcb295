import { randomBytes } from 'node:crypto';
import type { Host } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import type { HostExamination } from '../model/diagnosis.ts';
import { OutriggerError } from '../support/errors.ts';
import { printable, asOneLine, shorten } from '../support/text/printable.ts';
import { linesOf, pairs, splitSections, type Sections } from './readers/sections.ts';

const TIMEOUT_MS = 180_000;

/** Asks a host what no plan needs to know; rejects with an OutriggerError that names the host. */
export async function examineHost(
  host: Host,
  packages: readonly string[],
): Promise<HostExamination> {
  const nonce = randomBytes(8).toString('hex');
  const { code, stdout, stderr } = await host.exec({
    script: loadScript(new URL('./examine.sh', import.meta.url)),
    params: [nonce, ...packages],
    timeoutMs: TIMEOUT_MS,
  });
  if (code !== 0)
    throw new OutriggerError('COMMAND_FAILED', asOneLine(stderr, 300), { host: host.name });
  return readExamination(splitSections(stdout, nonce, host.name), packages);
}

/** What a host reported of its clock, its free space and the packages that it could install. */
export function readExamination(sections: Sections, packages: readonly string[]): HostExamination {
  const clock = pairs(linesOf(sections, 'clock'));
  const offered = pairs(linesOf(sections, 'offered'));
  const notOffered = packages.filter((name) => (offered[name] ?? '(none)') === '(none)');
  const unmet = linesOf(sections, 'unmet').slice(0, MOST_LINES).map(shown);
  return {
    isClockSynchronized: synchronized(clock),
    freeKiB: Object.entries(pairs(linesOf(sections, 'space'))).flatMap(([directory, text]) =>
      /^\d{1,15}$/.test(text) ? [{ directory, free: Number(text) }] : [],
    ),
    notOffered,
    // Where one is not offered at all the others cannot be resolved either.
    unmet: notOffered.length === 0 ? unmet : [],
  };
}

const MOST_LINES = 8;

const shown = (line: string): string => shorten(printable(line.trim()), 300);

/** chrony is more precise than systemd, which only reads a flag of the kernel; undefined: neither reports it. */
function synchronized(clock: Readonly<Record<string, string>>): boolean | undefined {
  if (clock['chrony'] !== undefined) return clock['chrony'] !== 'Not synchronised';
  const reported = clock['NTPSynchronized'];
  return reported === undefined ? undefined : reported === 'yes';
}
