import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openAnsibleVault } from '../../../src/support/ansible-vault.ts';
import { cases } from '../../support/cases.ts';

/** Made by the tools themselves: see the README beside them. */
const vaults = join(import.meta.dirname, '..', '..', 'support', 'vaults');
const vault = (name: string): string => readFileSync(join(vaults, name), 'latin1');
const PASSWORD = Buffer.from('correct horse');

describe('ansible-vault', () => {
  it('holds any bytes, in both formats', () => {
    const key = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    for (const name of ['authkey-1.1.vault', 'authkey-1.2.vault'])
      assert.deepEqual(openAnsibleVault(vault(name), PASSWORD), { content: key });
    assert.deepEqual(
      openAnsibleVault(vault('authkey-1.1.vault').replaceAll('\n', '\r\n'), PASSWORD),
      {
        content: key,
      },
    );
  });

  for (const [what, text, fault] of [
    ['is none', 'secret: x\n', /does not begin/],
    ['is of a format before ours', '$ANSIBLE_VAULT;1.0;AES\n00\n', /does not begin/],
    ['ends after its header', '$ANSIBLE_VAULT;1.1;AES256\n', /damaged/],
    ['is no hexadecimal text', '$ANSIBLE_VAULT;1.1;AES256\nxyz\n', /damaged/],
    ['has too few parts', '$ANSIBLE_VAULT;1.1;AES256\n3030\n', /damaged/],
  ] as const) {
    it(`stays closed when it ${what}`, () => {
      const opened = openAnsibleVault(text, PASSWORD);
      assert.match('fault' in opened ? opened.fault : 'opened', fault);
    });
  }

  it('stays closed when a byte of it has changed, or for another password', () => {
    const text = vault('authkey-1.1.vault');
    const start = text.indexOf('\n') + 1;
    fc.assert(
      fc.property(fc.integer({ min: start, max: text.length - 2 }), (at) => {
        const other = text[at] === '3' ? '4' : '3';
        fc.pre(text[at] !== '\n' && text[at] !== other);
        assert.ok(
          'fault' in openAnsibleVault(text.slice(0, at) + other + text.slice(at + 1), PASSWORD),
        );
      }),
      { numRuns: cases(60) },
    );
    assert.deepEqual(openAnsibleVault(text, Buffer.from('other')), {
      fault: 'wrong password',
    });
  });
});
