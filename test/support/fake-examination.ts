import type { ExecRequest } from '../../src/host/host.ts';
import { replyOf, replyTo } from './replies.ts';

/** A host on which nothing stands in the way of an installation. */
const EXAMINATION = {
  clock: 'NTPSynchronized=yes',
  space: '/=4194304\n/var=4194304',
  offered: 'pacemaker-remote=3.0.0-2\npacemaker-cli-utils=3.0.0-2\nresource-agents=1:4.16.0-3',
  unmet: '',
};

/** What a host answers to examine.sh; `other` in place of what is in a section. */
export const examination = (
  request: ExecRequest,
  other: Partial<Record<keyof typeof EXAMINATION, string>> = {},
): string =>
  replyTo(
    request,
    replyOf(
      new Map([
        ...Object.entries({ ...EXAMINATION, ...other }).map(
          ([name, text]) => [name, `${text}\n`] as const,
        ),
        ['end', ''],
      ]),
    ),
  );
