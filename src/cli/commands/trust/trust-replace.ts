import { fingerprint } from '../../../host/known-hosts/known-hosts.ts';
import { replaceKnownHost, type Replaced } from '../../../host/known-hosts/known-hosts-replacer.ts';
import type { Connector } from '../../../host/ssh/connector.ts';
import { forbiddenHostKey } from '../../../host/ssh/keys/key-limits.ts';
import type { OfferedKey } from '../../../host/ssh/scan.ts';
import { foldNames } from '../../../support/text/fold-names.ts';
import { OutriggerError } from '../../../support/errors.ts';
import { printable } from '../../../support/text/printable.ts';
import { offeredBy } from './trust-scan.ts';
import { type Target, peerOf, roundsOf, type Subject } from './trust-subjects.ts';

/** A host that was installed anew, and the fingerprint that it shows on its own console. */
export interface Replacement {
  readonly host: string;
  readonly print: string;
}

/** What the options ask for; undefined: nothing is to be replaced. Throws USAGE for one without the other. */
export function replacementOf(options: {
  readonly replace?: string;
  readonly fingerprint?: string;
  readonly limit?: string;
}): Replacement | undefined {
  const { replace: host, fingerprint: print, limit } = options;
  if (host === undefined && print === undefined) return undefined;
  if (host === undefined) throw usage('--fingerprint requires --replace HOST');
  if (print === undefined) {
    throw usage(
      '--replace requires --fingerprint SHA256:…, the fingerprint that the host itself shows',
    );
  }
  if (limit !== undefined) throw usage('--replace is for one host: --limit cannot be given');
  if (!/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(print)) {
    throw usage(`${printable(print)} is not a fingerprint: expected SHA256: and 43 characters`);
  }
  return { host, print: print.replace(/=$/, '') };
}

const usage = (message: string): OutriggerError =>
  new OutriggerError('USAGE', message, {
    hint: 'on the console of the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  });

/** What became of a host's entries, and the key that is believed now. */
export interface ReplacedKey {
  readonly subject: Subject;
  readonly key: OfferedKey;
  readonly replaced: Replaced;
}

/** Believes a host with this key from now on, and with no other. */
export async function replaceKey(
  signal: AbortSignal,
  connector: Connector,
  targets: readonly Target[],
  { host, print }: Replacement,
): Promise<ReplacedKey> {
  const subject = subjectNamed(roundsOf(connector, targets).flat(), host);
  const offered = await offeredBy(connector, subject, signal);
  const key = offered.find((one) => one.fingerprint === print);
  if (key === undefined) throw otherKey(host, print, offered);
  const { knownHosts, restrictions } = subject.server;
  const forbidden = forbiddenHostKey(peerOf(subject), key.blob, restrictions);
  if (forbidden !== undefined) throw forbidden;
  const { name, files } = knownHosts;
  return { subject, key, replaced: await replaceKnownHost({ name, blob: key.blob }, files) };
}

function subjectNamed(subjects: readonly Subject[], host: string): Subject {
  const subject = subjects.find(({ name }) => name === host);
  if (subject === undefined) {
    throw new OutriggerError(
      'USAGE',
      `${printable(host)} is neither a host nor a jump host of this inventory`,
      {
        hint: `hosts: ${foldNames(subjects.map(({ name }) => name))}`,
      },
    );
  }
  if (subject.server.hostKeys.kind !== 'pinned') return subject;
  throw new OutriggerError('USAGE', `the inventory pins the host keys of ${printable(host)}`, {
    hint: 'write the new fingerprint to `hostKeys` of its `connection`',
  });
}

const otherKey = (host: string, print: string, offered: readonly OfferedKey[]): OutriggerError => {
  const shown = offered.map((key) => `${key.fingerprint} (${printable(key.type)})`).join(', ');
  return new OutriggerError(
    'REFUSED',
    `${printable(host)} does not show the host key ${print}, but ${shown === '' ? 'none' : shown}: nothing was changed`,
    { hint: 'another machine may be responding: clarify this before anything else' },
  );
};

/** The same in words. */
export function replacedText({ subject, key, replaced }: ReplacedKey): string {
  const { file, removed, copy } = replaced;
  const lines = removed.map(({ line, print, remaining }) => {
    const rest = remaining === '' ? '' : `; the line stays for ${printable(remaining)}`;
    return `removed ${file}:${line}  ${print}${rest}\n`;
  });
  const kept = copy === undefined ? '' : `${copy} is a backup of the file.\n`;
  return `${lines.join('')}${printable(subject.name)} is trusted with ${fingerprint(key.blob)} (${key.type}) and no other key.\n${kept}`;
}
