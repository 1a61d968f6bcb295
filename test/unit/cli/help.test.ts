import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { commandsOf } from '../../../scripts/man-page.ts';
import { EXAMPLES, fullName } from '../../../src/cli/arguments/examples.ts';
import { programFor } from '../../../src/cli/program.ts';
import { skipUnless } from '../../support/needs.ts';

const MAN_PAGE = new URL('../../../docs/man/outrigger.1', import.meta.url);

/** The command line, which does nothing but remember what it was asked for. */
function recorder(): { program: Command; asked: string[]; said: () => string } {
  const asked: string[] = [];
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  const program = programFor(
    {
      out: write,
      err: write,
      outStream: process.stdout,
      errStream: process.stderr,
      inIsTerminal: false,
      env: {},
      signal: new AbortController().signal,
    },
    () => undefined,
  );
  for (const command of commandsOf(program)) {
    if (command.commands.length > 0) continue;
    command.action(() => {
      asked.push(fullName(command));
    });
  }
  return { program, asked, said: () => text };
}

const { program: whole } = recorder();
const all = [whole, ...commandsOf(whole)];

/** The words of the part of a shell's line that is ours. */
const wordsOf = (line: string): string[] =>
  (/outrigger ([^|>)]*)/.exec(line)?.[1] ?? '')
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll("'", ''));

describe('help', () => {
  for (const command of all) {
    const name = fullName(command);
    it(`of ${name} begins with what it is and with examples`, () => {
      const [what = '', heading, ...rest] = command.helpInformation().split('\n\n');
      assert.equal(what.replaceAll('\n', ' '), command.description());
      assert.match(heading ?? '', /^Examples:\n {2}\S/);
      assert.match(rest[0] ?? '', new RegExp(`^Usage: ${name}\\b`));
      assert.equal(rest.join('\n\n').includes(what), false, 'told twice');
    });
  }

  it('has no examples of commands that are not there', () => {
    assert.deepEqual(Object.keys(EXAMPLES).toSorted(), all.map(fullName).toSorted());
  });

  for (const [name, examples] of Object.entries(EXAMPLES)) {
    for (const [line, what] of examples) {
      it(`understands its own example: ${line}`, async () => {
        const { program, asked, said } = recorder();
        await program.parseAsync(wordsOf(line), { from: 'user' }).catch((thrown: unknown) => {
          assert.fail(`${String(thrown)}\n${said()}`);
        });
        assert.equal(asked.length, 1);
        assert.ok(asked[0]?.startsWith(name), asked[0]);
        assert.ok(`  ${line}  ${what}`.length <= 100, 'too wide');
      });
    }
  }
});

describe('the manual page', () => {
  const page = readFileSync(MAN_PAGE, 'utf8');

  for (const [program, ...args] of [
    ['mandoc', '-T', 'lint', '-W', 'warning'],
    ['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z'],
  ] as const) {
    it(`has nothing that ${program} warns of`, function () {
      skipUnless(this, program);
      const path = MAN_PAGE.pathname;
      const { status, stdout, stderr } = spawnSync(program, [...args, path], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' },
      });
      assert.deepEqual([status, stderr, program === 'mandoc' ? stdout : ''], [0, '', '']);
    });
  }

  it('shows examples before all options, and every command and exit code', () => {
    assert.ok(page.indexOf('.SH EXAMPLES') < page.indexOf('.SH COMMANDS'));
    for (const command of commandsOf(whole))
      assert.ok(page.includes(`\n.SS "${fullName(command)}`), fullName(command));
    for (const code of [0, 1, 2, 3, 4, 5, 130]) assert.ok(page.includes(`\\fB${code}\\fR`));
  });
});
