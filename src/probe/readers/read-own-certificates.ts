import { CERTIFICATE_ROLES, type CertificateRole } from '../../pacemaker/basics/names.ts';
import type {
  HostFacts,
  MadeKeys,
  OwnCertificateFacts,
  OwnDirectoryFacts,
  OwnFileFacts,
  ReportedKey,
} from '../../model/facts.ts';
import { readTime } from './read-time.ts';
import { linesOf, type Sections } from './sections.ts';

/** What was reported of one file: its values by their names. */
type Reported = ReadonlyMap<string, readonly string[]>;

/** Reads what a host reports of certificates that it had before; undefined: not requested. `clock` is the host's own. */
export function readOwnCertificates(
  sections: Sections,
  clock: number,
): OwnCertificateFacts | undefined {
  if (!sections.has('own_certificates')) return undefined;
  const lines = linesOf(sections, 'own_certificates');
  const access = new Map(
    lines.flatMap((line) => {
      const [, word, path] = /^(reads|denied|passes|stopped) (\/.*)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, word === 'reads' || word === 'passes'] as const];
    }),
  );
  const files: Partial<Record<CertificateRole, OwnFileFacts>> = {};
  for (const role of CERTIFICATE_ROLES) {
    const reported = reportedOf(lines, role);
    if (reported.size > 0)
      files[role] = { ...readFile(reported, access, clock), pem: textOf(lines, role) ?? '' };
  }
  const key = reportedOf(lines, 'key');
  return {
    files,
    key: readBlocks(key),
    hasOpenssl: first(key, 'openssl') !== 'missing',
  };
}

/** The lines of a file's public parts, as a text; undefined: none were reported. */
export const textOf = (lines: readonly string[], role: CertificateRole): string | undefined =>
  reportedOf(lines, role)
    .get('pem')
    ?.map((line) => `${line}\n`)
    .join('');

/** Reads what a host reports of the keys that it has made; undefined: not requested. */
export function readMadeKeys(sections: Sections): MadeKeys | undefined {
  if (!sections.has('made_keys')) return undefined;
  const lines = linesOf(sections, 'made_keys');
  const keyIn = (word: string): ReportedKey | undefined => {
    const reported = reportedOf(lines, word);
    return reported.size === 0
      ? undefined
      : { ...readBlocks(reported), publicDigest: digestIn(reported) };
  };
  return {
    inUse: keyIn('key'),
    waiting: keyIn('waiting'),
    hasOpenssl: !lines.includes('openssl missing'),
  };
}

/** What is no number counts as none. */
const wholeNumber = (text = ''): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0);

const readBlocks = (key: Reported): Pick<ReportedKey, 'count' | 'isEncrypted'> => ({
  count: wholeNumber(first(key, 'blocks')),
  isEncrypted: first(key, 'encrypted') === 'yes',
});

const digestIn = (reported: Reported): string =>
  /^[0-9a-f]{64}$/.exec(first(reported, 'digest') ?? first(reported, 'public') ?? '')?.[0] ?? '';

function reportedOf(lines: readonly string[], what: string): Reported {
  const reported = new Map<string, string[]>();
  for (const line of lines) {
    if (!line.startsWith(`${what} `)) continue;
    const [, word = '', value = ''] = /^\S+ (\S+) (.*)$/.exec(line) ?? [];
    const values = reported.get(word);
    if (values === undefined) reported.set(word, [value]);
    else values.push(value);
  }
  return reported;
}

const first = (reported: Reported, word: string): string | undefined => reported.get(word)?.[0];

function readFile(
  reported: Reported,
  access: ReadonlyMap<string, boolean>,
  clock: number,
): Omit<OwnFileFacts, 'pem'> {
  const path = first(reported, 'named') ?? '';
  return {
    path,
    state: readState(first(reported, 'state')),
    realPath: first(reported, 'real') ?? path,
    ...readRights(first(reported, 'rights') ?? '', clock),
    digest: digestIn(reported),
    holdsKey: reported.has('holds'),
    above: (reported.get('above') ?? []).flatMap((line) => readDirectory(line, access)),
    isReadable: access.get(path),
  };
}

const readState = (state: string | undefined): OwnFileFacts['state'] =>
  state === 'file' || state === 'missing' ? state : 'other';

function readRights(
  line: string,
  clock: number,
): Pick<OwnFileFacts, 'rights' | 'modifiedAt' | 'bytes'> {
  const [owner = '', group = '', mode = '', time = '0', bytes = '0'] = line.split(' ');
  return {
    rights: { owner, group, mode },
    modifiedAt: readTime(time, clock),
    bytes: wholeNumber(bytes),
  };
}

function readDirectory(
  line: string,
  access: ReadonlyMap<string, boolean>,
): readonly OwnDirectoryFacts[] {
  const [, owner = '', group = '', mode = '', path] =
    /^(\S+) (\S+) ([0-7]+) (\/.*)$/.exec(line) ?? [];
  return path === undefined ? [] : [{ owner, group, mode, path, isPassable: access.get(path) }];
}

/** The same in the form of the files that outrigger brings. */
export const asCertificateFiles = ({ files }: OwnCertificateFacts): HostFacts['certificates'] =>
  Object.fromEntries(
    Object.entries(files)
      .filter(([, { state }]) => state === 'file')
      .map(([role, { digest, rights, modifiedAt, pem }]) => [
        role,
        { digest, ...rights, modifiedAt, pem },
      ]),
  );
