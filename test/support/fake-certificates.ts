import { createHash } from 'node:crypto';
import type { HostFile } from '../../src/host/host.ts';
import {
  CERTIFICATE_FILES,
  CERTIFICATE_ROLES,
  WAITING_PAIR,
} from '../../src/pacemaker/basics/names.ts';
import { reveal } from '../../src/support/secret.ts';
import type { Answers } from './fake-host.ts';
import { request } from './pki.ts';

/** What a host of a lab prints, section by section, and its clock. */
export interface FakeState {
  readonly sections: Map<string, string>;
  readonly tick: () => number;
}

const linesOf = ({ sections }: FakeState, name: string): string[] =>
  (sections.get(name) ?? '').split('\n').filter((line) => line !== '');

const put = ({ sections }: FakeState, name: string, lines: readonly string[]): void => {
  sections.set(name, `${lines.join('\n')}\n`);
};

const digestOf = (content: Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** A host takes a certificate file; false: it is another file. */
export function takeCertificate(
  state: FakeState,
  {
    path,
    content,
    owner,
    group,
    mode,
  }: Pick<HostFile, 'path' | 'content' | 'owner' | 'group' | 'mode'>,
): boolean {
  const text = Buffer.from(reveal(content)).toString().trim().split('\n');
  if (path === WAITING_PAIR.certificate) {
    put(state, 'waiting_certificate', [digestOf(reveal(content)), ...text]);
    return true;
  }
  if (path === WAITING_PAIR.key) {
    put(state, 'waiting_key', [digestOf(reveal(content))]);
    return true;
  }
  const role = CERTIFICATE_ROLES.find((each) => CERTIFICATE_FILES[each].path === path);
  if (role === undefined) return false;
  const rights = `${owner} ${group} ${mode.replace(/^0/, '')} ${state.tick()}`;
  const others = linesOf(state, 'certificates').filter((line) => !line.startsWith(`${role} `));
  put(state, 'certificates', [...others, `${role} ${digestOf(reveal(content))} ${rights}`]);
  if (role === 'ca' || role === 'certificate') putText(state, role, text);
  return true;
}

const putText = (state: FakeState, role: 'ca' | 'certificate', text: readonly string[]): void => {
  put(state, 'certificate_texts', [
    ...linesOf(state, 'certificate_texts').filter((line) => !line.startsWith(`${role} `)),
    ...text.map((line) => `${role} pem ${line}`),
  ]);
};

/** A daemon that is started takes up what the environment file says. */
export const startWithCertificates = (state: FakeState): void => {
  const variables = linesOf(state, 'environment').filter((line) => /^PCMK_\w+_file=/.test(line));
  if (variables.length > 0 || state.sections.has('daemon'))
    put(state, 'daemon', ['running', ...variables]);
};

/** A key for each host that makes one; a host makes another one only when it is taken up. */
async function makeRequest(state: FakeState, node: string): Promise<string> {
  const keys = WAITING.get(state);
  const { pem, publicDigest, ...made } = await request(node, keys === undefined ? {} : { keys });
  WAITING.set(state, made.keys);
  const kept = linesOf(state, 'made_keys').filter((line) => !line.startsWith('waiting '));
  put(state, 'made_keys', [...kept, 'waiting blocks 1', `waiting public ${publicDigest}`]);
  return pem;
}

const WAITING = new WeakMap<FakeState, Awaited<ReturnType<typeof request>>['keys']>();

function activatePair(state: FakeState): string {
  WAITING.delete(state);
  const taken = linesOf(state, 'made_keys')
    .filter((line) => line.startsWith('waiting '))
    .map((line) => line.replace('waiting ', 'key '));
  put(state, 'made_keys', taken);
  const others = linesOf(state, 'certificates').filter((line) => !/^(certificate|key) /.test(line));
  const rights = `root haclient 640 ${state.tick()}`;
  const [digest = '', ...text] = linesOf(state, 'waiting_certificate');
  const [key = '0'.repeat(64)] = linesOf(state, 'waiting_key');
  const pair = [`certificate ${digest} ${rights}`, `key ${key} ${rights}`];
  put(state, 'certificates', [...others, ...pair]);
  putText(state, 'certificate', text);
  return '';
}

/** The scripts that have to do with certificates. */
export const certificateAnswers = (state: FakeState): Answers => ({
  'set-environment': ({ params = [] }) => {
    const [file = '', ...pairs] = params;
    const names = pairs.filter((_each, index) => index % 2 === 0);
    const kept = linesOf(state, 'environment').filter(
      (line) => !line.startsWith('file=') && !names.some((name) => line.startsWith(`${name}=`)),
    );
    const set = names.flatMap((name, index) => {
      const value = pairs[2 * index + 1] ?? '';
      return value === '' ? [] : [`${name}=${value}`];
    });
    put(state, 'environment', [`file=${file}`, ...kept, ...set]);
    return '';
  },
  'make-request': ({ params: [, node = ''] = [] }) => makeRequest(state, node),
  'activate-pair': () => activatePair(state),
  'set-permissions': () => '',
  'verify-certificates': () => 'verified\n',
  'remove-files': ({ params = [] }) => {
    for (const path of params) {
      const role = CERTIFICATE_ROLES.find((each) => CERTIFICATE_FILES[each].path === path);
      const isWaiting = Object.values<string>(WAITING_PAIR).includes(path);
      if (isWaiting)
        put(
          state,
          'waiting_pair',
          linesOf(state, 'waiting_pair').filter((line) => line !== path),
        );
      else if (role === undefined) put(state, 'authkey', [`path=${path}`]);
      else
        put(
          state,
          'certificates',
          linesOf(state, 'certificates').filter((line) => !line.startsWith(`${role} `)),
        );
    }
    return '';
  },
  handshake: ({ input }) =>
    String(input)
      .trim()
      .split('\n')
      .map((line) => `${line} accepted\n`)
      .join(''),
});
