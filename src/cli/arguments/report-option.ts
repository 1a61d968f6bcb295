import { InvalidArgumentError, Option } from 'commander';
import type { RequestedReport } from '../../flows/write-reports.ts';

/** `--report junit=drift.xml`, where `reports` has these kinds. */
export function reportOption<Kind extends string>(
  reports: Readonly<Record<Kind, unknown>>,
): Option {
  const kinds = Object.keys(reports).join(', ');
  const isKind = (word: string): word is Kind => Object.hasOwn(reports, word);
  const add = (
    text: string,
    before: readonly RequestedReport<Kind>[] = [],
  ): readonly RequestedReport<Kind>[] => {
    const [, kind = '', path = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    if (!isKind(kind) || path === '')
      throw new InvalidArgumentError(`must be KIND=PATH, with KIND one of ${kinds}`);
    return [...before, { kind, path }];
  };
  return new Option('--report <kind=path>', `also write a report: ${kinds} (repeatable)`).argParser(
    add,
  );
}
