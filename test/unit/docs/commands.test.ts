/** Whoever copies a command line of the documentation has one that outrigger takes. */
import assert from 'node:assert/strict';
import type { Command } from 'commander';
import { programFor } from '../../../src/cli/program.ts';
import { DOCUMENTS, nodesOf } from '../../support/documents.ts';

interface Shown {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Prose may leave out what does not matter there. */
  readonly isWhole: boolean;
}

/** A line of a block that runs outrigger, behind a prompt or without one. */
const RUN = /^(?:\$ |# |[a-z0-9]+# )?(?:sudo )?(?:npx )?outrigger (?<args>.*)$/;
/** Blocks of other languages hold output or files. */
const FENCES = /^(console|sh|bash|shell)$/;

const argsOf = (text: string): string | undefined => RUN.exec(text)?.groups?.['args'];

/** The commands of a block; lines that go on behind a backslash are one. */
function inBlock(text: string): readonly (readonly [number, string])[] {
  const joined = text.replace(/ \\\n\s*/g, (end) => `${' '.repeat(end.length - 1)}\v`);
  return [...joined.split('\n').entries()].flatMap(([index, line]) => {
    const args = argsOf(line.replaceAll('\v', ''));
    return args === undefined ? [] : [[index + 1, args] as const];
  });
}

const commandsOf = (file: string): readonly Shown[] =>
  nodesOf(file).flatMap(({ type, info, literal, sourcepos }): readonly Shown[] => {
    if (type === 'code_block' && FENCES.test(info ?? ''))
      return inBlock(literal ?? '').map(([below, text]) => ({
        file,
        line: sourcepos[0][0] + below,
        text,
        isWhole: true,
      }));
    const text = type === 'code' ? argsOf(literal ?? '') : undefined;
    return text === undefined ? [] : [{ file, line: 0, text, isWhole: false }];
  });

/** The words of a command line as a shell splits it; a comment, a pipe or another command ends it. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)) {
    if (/^(#|\||&&|;|>|2>)/.test(word) || word === '…') break;
    words.push(word.replace(/^(['"])(.*)\1$/, '$2').replace(/;$/, ''));
  }
  return words;
}

/** Every command, which parses its arguments and then does nothing. */
function parsed(words: readonly string[]): Promise<string> {
  let err = '';
  const program = programFor(
    {
      outStream: process.stdout,
      errStream: process.stderr,
      inIsTerminal: false,
      env: {},
      out: () => undefined,
      err: (text) => (err += text),
      signal: new AbortController().signal,
    },
    () => undefined,
  );
  const idle = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => undefined);
    for (const below of command.commands) idle(below);
  };
  idle(program);
  return program.parseAsync(words, { from: 'user' }).then(
    () => err,
    () => err,
  );
}

describe('the command lines of the documentation', () => {
  const shown = DOCUMENTS.flatMap(commandsOf);

  for (const { file, line, text, isWhole } of shown)
    it(`are taken: ${file}${isWhole ? `, line ${line}` : ''}: outrigger ${text}`, async () => {
      const words = wordsOf(text);
      const err = await parsed(words);
      const isPart =
        !isWhole && /required option|missing required argument|value '[A-Z]+' is invalid/.test(err);
      if (!isPart && !words.includes('--help') && !words.includes('--version'))
        assert.equal(err, '');
    });

  it('are many', () => {
    assert.ok(shown.filter(({ isWhole }) => isWhole).length > 20, String(shown.length));
  });
});
