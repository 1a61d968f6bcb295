import { InvalidArgumentError, Option } from 'commander';
import { REPORTS, type ReportKind, type WantedReport } from '../flows/write-reports.ts';

const isKind = (word: string): word is ReportKind => Object.hasOwn(REPORTS, word);

/** `junit=drift.xml` */
function wantedReport(text: string, before: readonly WantedReport[] = []): readonly WantedReport[] {
  const [, kind = '', path = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (!isKind(kind) || path === '')
    throw new InvalidArgumentError(
      `give KIND=PATH, with a kind of ${Object.keys(REPORTS).join(', ')}`,
    );
  return [...before, { kind, path }];
}

export const reportOption = (): Option =>
  new Option(
    '--report <kind=path>',
    `write a report as well: ${Object.keys(REPORTS).join(', ')} (repeatable)`,
  ).argParser(wantedReport);
