import { posix } from 'node:path';
import { OutriggerError } from '../../support/errors.ts';

/** What the tokens of ssh_config(5), TOKENS stand for, by their letter. */
export type Tokens = Readonly<Record<string, string>>;

/** Where a value stands, and what it may name. */
export interface Expansion {
  readonly where: string;
  readonly tokens: Tokens;
}

/** Replaces `%h` and the like. Throws INPUT_INVALID for a token that means nothing here. */
export const expandTokens = (text: string, { where, tokens }: Expansion): string =>
  text.replace(/%(.?)/gs, (token, letter: string) => {
    const value = letter === '%' ? '%' : tokens[letter];
    if (value === undefined) {
      throw new OutriggerError('INPUT_INVALID', `${where}: \`${token}\` cannot be used here`, {
        hint: `allowed here: %%, ${Object.keys(tokens)
          .map((known) => `%${known}`)
          .join(', ')}`,
      });
    }
    return value;
  });

/** `~` and `~/…` of the user who runs us. */
export const expandHome = (path: string, home: string): string =>
  path === '~' ? home : path.startsWith('~/') ? posix.join(home, path.slice(2)) : path;

/** The surroundings of a path. */
export interface PathExpansion extends Expansion {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A path as ssh expands it: `~`, `${VARIABLE}` and tokens. */
export function expandPath(path: string, { home, env, ...expansion }: PathExpansion): string {
  const known = expandHome(path, home).replace(/\$\{([^}]*)\}/g, (_whole, name: string) => {
    const value = env[name];
    if (value === undefined) {
      const { where } = expansion;
      throw new OutriggerError('INPUT_INVALID', `${where}: the variable ${name} is not set`);
    }
    return value;
  });
  return expandTokens(known, expansion);
}
