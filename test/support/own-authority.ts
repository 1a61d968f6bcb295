import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  loadAuthority,
  type AuthorityRequest,
} from '../../src/credential-sources/load-authority.ts';
import type { Credentials } from '../../src/credential-sources/load-certificates.ts';
import type { CertificateRole } from '../../src/pacemaker/basics/names.ts';
import type { AuthoritySpec } from '../../src/inventory/spec.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { Secret } from '../../src/support/secret.ts';
import { DAY_MS } from '../../src/credentials/x509/time-left.ts';
import { rememberDerivedKeys } from './derived-keys.ts';
import { fetching } from './secrets.ts';

export const PASSPHRASE = 'correct horse battery staple';
export const NODES = ['c1', 'c2', 'r1'];

/** A directory for an authority, anew for each test, and what is done with it. */
export function useAuthority() {
  const at = { folder: '', directory: '', questions: [] as string[] };
  rememberDerivedKeys();

  beforeEach(() => {
    at.folder = mkdtempSync(join(tmpdir(), 'outrigger-authority-'));
    at.directory = join(at.folder, 'pki', 'ca');
    at.questions = [];
  });

  afterEach(() => {
    rmSync(at.folder, { recursive: true });
  });

  const load = ({
    now = new Date(),
    renewed = [],
    nodes = NODES,
    declared = NODES,
    step,
    cluster = 'prod',
    ...authority
  }: Partial<AuthoritySpec> &
    Partial<Pick<AuthorityRequest, 'nodes' | 'declared' | 'step' | 'cluster'>> & {
      now?: Date;
      renewed?: readonly string[];
    } = {}): Promise<Credentials> =>
    loadAuthority({
      authority: {
        kind: 'authority',
        passphrase: { kind: 'prompt' },
        validityMs: 365 * DAY_MS,
        renewBeforeMs: 30 * DAY_MS,
        revoked: [],
        removesAuthkey: false,
        directory: at.directory,
        ...authority,
      },
      cluster,
      declared,
      nodes,
      step,
      renewed: new Set(renewed),
      now: () => now,
    });

  /** Answers with these, one after the other, and then with the last of them. */
  const asking = (...answers: string[]) => ({
    hosts: new Map(),
    report: () => undefined,
    signal: new AbortController().signal,
    fetchSecret: fetching((question: string) => {
      at.questions.push(question.replaceAll(at.folder, ''));
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return Promise.resolve(new Secret(Buffer.from(answer ?? '')));
    }),
  });

  const make = async (given: Parameters<typeof load>[0] = {}): Promise<Credentials> => {
    const { pending } = await load(given);
    assert.ok(pending, 'nothing has to be made');
    return pending.make(asking(PASSPHRASE));
  };

  const refused = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (thrown) {
      assert.ok(thrown instanceof OutriggerError, String(thrown));
      assert.ok(!thrown.message.includes(PASSPHRASE));
      return thrown.message.replaceAll(at.folder, '');
    }
    return assert.fail('it was not refused');
  };

  const everything = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(at.folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => statSync(join(at.folder, name)).isFile())
        .map((name) => [name, readFileSync(join(at.folder, name), 'latin1')]),
    );

  return Object.assign(at, { load, asking, make, everything, refused });
}

export const digestOf = ({ desired }: Credentials, node: string, role: CertificateRole) =>
  desired.nodes.get(node)?.files[role]?.digest;
