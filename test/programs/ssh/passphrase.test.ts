import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import type { Connection } from '../../../src/host/host.ts';
import { sshConnector } from '../../../src/host/ssh/connector.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { Secret } from '../../../src/support/secret.ts';
import { useSsh } from '../../support/ssh-bench.ts';
import { fetching } from '../../support/secrets.ts';
import { needs } from '../../support/needs.ts';

const never = new AbortController().signal;

describe('a private key with a passphrase', () => {
  before(needs('ssh-keygen', 'ssh-agent', 'ssh-add'));
  const { start, at } = useSsh();
  /** A server, and a connection with an encrypted copy of the key that it takes. */
  const prepare = async (): Promise<Connection> => {
    const { connection } = await start();
    copyFileSync(connection.identityFile ?? '', at('locked'));
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', at('locked')]);
    return { ...connection, identityFile: at('locked') };
  };
  const asking = (answers: readonly string[], env: Record<string, string> = {}) => {
    const questions: string[] = [];
    const ask = (question: string): Promise<Secret> => {
      const answer = answers[questions.length];
      questions.push(question);
      return answer === undefined
        ? Promise.reject(new OutriggerError('REFUSED', 'nobody is here'))
        : Promise.resolve(new Secret(Buffer.from(answer)));
    };
    return {
      questions,
      connector: sshConnector({ env, fetchSecret: fetching(ask), signal: never }),
    };
  };

  it('is asked for once for all hosts, and again after a slip', async () => {
    const connection = await prepare();
    const { connector, questions } = asking(['wrong', 'open sesame']);
    await connector.prepare([connection, { ...connection, address: 'localhost' }]);
    assert.deepEqual(questions, [
      `Passphrase of ${at('locked')}:`,
      `Wrong passphrase. Passphrase of ${at('locked')}:`,
    ]);
    const hosts = await Promise.all(
      ['a', 'b', 'c'].map((name) => connector.connect(name, connection, never)),
    );
    assert.equal(questions.length, 2);
    await Promise.all(hosts.map((host) => host.close()));
  });

  it('is an error of each host, once, where nobody answers, with the agent as the way out', async () => {
    const connection = await prepare();
    const { connector, questions } = asking([]);
    await connector.prepare([connection]);
    for (const name of ['a', 'b']) {
      await assert.rejects(connector.connect(name, connection, never), {
        code: 'AUTHENTICATION_FAILED',
        host: name,
        message: `the identity file ${at('locked')} is protected by a passphrase: nobody is here`,
        hint: `load it into ssh-agent (ssh-add ${at('locked')}), or use a key without a passphrase`,
      });
    }
    assert.equal(questions.length, 1);
  });

  it('is given up after three wrong answers', async () => {
    const connection = await prepare();
    const { connector, questions } = asking(['a', 'b', 'c', 'open sesame']);
    await assert.rejects(connector.connect('a', connection, never), { message: /3 wrong/ });
    assert.equal(questions.length, 3);
  });

  it('is not asked for where the agent holds the key', async () => {
    const connection = await prepare();
    const socket = at('agent');
    const printed = execFileSync('ssh-agent', ['-a', socket, '-s'], { encoding: 'utf8' });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(printed)?.[1]);
    try {
      const plain = at('plain');
      copyFileSync(at('locked'), plain);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', 'open sesame', '-N', '', '-f', plain]);
      execFileSync('ssh-add', ['-q', plain], { env: { SSH_AUTH_SOCK: socket }, stdio: 'pipe' });
      const { connector, questions } = asking([], { SSH_AUTH_SOCK: socket });
      await connector.prepare([connection]);
      await (await connector.connect('a', connection, never)).close();
      assert.deepEqual(questions, []);
    } finally {
      process.kill(pid);
    }
  });

  it('ends everything where the question is left', async () => {
    const connection = await prepare();
    const connector = sshConnector({
      env: {},
      signal: never,
      fetchSecret: fetching(() => Promise.reject(new OutriggerError('INTERRUPTED', 'left'))),
    });
    await assert.rejects(connector.prepare([connection]), { code: 'INTERRUPTED' });
  });
});
