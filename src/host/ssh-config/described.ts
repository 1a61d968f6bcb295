import { OutriggerError } from '../../support/errors.ts';
import { fitsList } from '../files/pattern.ts';
import { isNoticed, type Keyword, NOTICED, type Noticed } from './directives.ts';
import type { Evaluated, Settings } from './evaluate.ts';

/** The value of a keyword as one text, and where it stands. */
export interface Setting {
  readonly text: string;
  readonly where: string;
}

/** The value that counts; undefined: ssh_config says nothing. */
export function first(settings: Settings, keyword: Keyword): Setting | undefined {
  const value = settings.get(keyword)?.[0];
  return value === undefined ? undefined : { text: value.args.join(' '), where: value.where };
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['true', true],
  ['no', false],
  ['false', false],
]);

/** A flag, in any case (readconf.c, multistate_flag). Throws INPUT_INVALID for what is none, as ssh stops there. */
export function flagOf({ text, where }: Setting, keyword: string): boolean {
  const flag = FLAGS.get(text.toLowerCase());
  if (flag !== undefined) return flag;
  throw new OutriggerError(
    'INPUT_INVALID',
    `${where}: \`${keyword} ${text}\` is neither yes nor no`,
  );
}

/** `none`, in any case. */
export const isNone = (text: string): boolean => text.toLowerCase() === 'none';

/** What ssh_config asks for and outrigger does not do, a line each. */
export function noticesOf({ settings, unknown }: Evaluated): readonly string[] {
  const noticed = [...settings.keys()].filter(isNoticed).flatMap((keyword) => {
    const setting = first(settings, keyword);
    const { name, instead, idle }: Noticed = NOTICED[keyword];
    return setting === undefined || idle.includes(setting.text.toLowerCase())
      ? []
      : [`${setting.where}: \`${name}\` is not honored: ${instead}`];
  });
  const ignored =
    first(settings, 'ignoreunknown')
      ?.text.toLowerCase()
      .split(/[\s,]+/) ?? [];
  const strange = unknown
    .filter(({ keyword }) => !fitsList(ignored, keyword))
    .map(({ keyword, where }) => `${where}: \`${keyword}\` is unknown and not honored`);
  return [...noticed, ...strange];
}
