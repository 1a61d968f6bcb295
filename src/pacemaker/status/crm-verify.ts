import { element, type XmlElement } from '../basics/xml.ts';

/** What `crm_verify -V` returned for one CIB. */
export interface Verification {
  readonly exitCode: number;
  /** What it printed on standard error. */
  readonly complaints: readonly string[];
  /** What it printed on standard output. */
  readonly notices: readonly string[];
}

/** What `crm_verify` reports of an intended CIB, and does not report of the CIB as it is. */
export interface Judgement {
  /** Errors. */
  readonly refusals: readonly string[];
  /** Warnings and notices. */
  readonly remarks: readonly string[];
}

/** In maintenance no actions are scheduled, so that faults in operations do not show (3.0.0: exit 0 there, 78 outside). */
const HIDING: ReadonlySet<string | undefined> = new Set(['maintenance-mode', 'maintenance']);

/** A CIB as it would be outside maintenance: of the cluster, of each node and of each resource. */
export function outsideMaintenance(root: XmlElement): XmlElement {
  const { name, attributes } = root;
  // What refers to another one by id-ref has no value of its own.
  const isSet = name === 'nvpair' && attributes['value'] !== undefined;
  if (isSet && HIDING.has(attributes['name']))
    return element(name, { ...attributes, value: 'false' }, root.children);
  const children = root.children.map(outsideMaintenance);
  const isSame = children.every((child, index) => child === root.children[index]);
  return isSame ? root : element(name, attributes, children);
}

/**
 * Compares two verifications. Only an error that the CIB as it is does not have counts against an edit: releases that turn
 * warnings into exit code 78 (2.1 and 3.0, tools/crm_verify.c) do so for what was there before as well.
 */
export function judge(base: Verification, intended: Verification): Judgement {
  const known = new Set(reportsOf(base).map(keyOf));
  const added = unique(reportsOf(intended).filter((report) => !known.has(keyOf(report))));
  const counts = hasErrors(intended);
  const errors = counts ? added.filter(({ severity }) => severity === 'error') : [];
  const remarks = added.filter((report) => !errors.includes(report));
  const isUnexplained = counts && errors.length === 0 && !hasErrors(base);
  return {
    refusals: isUnexplained ? [summaryOf(intended)] : errors.map(({ text }) => text),
    remarks: remarks.map(({ severity, text }) => `${severity}: ${text}`),
  };
}

interface Report {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly text: string;
}

/** The last line (3.0.0: `Configuration invalid (with warnings)`; 2.1.5: `crm_verify: Errors found during check: config not valid`). */
const SUMMARY =
  /^(?:crm_verify: )?(?:(?:Errors|Warnings) found during check: |Configuration (?:invalid|may need attention))/;
const OF_WARNINGS = /Warnings found during check|\(with warnings\)|may need attention/;
/** It follows every error, and says nothing of its own. */
const FOLLOWS = /^(?:-V may provide more details?|error: CIB did not pass schema validation)$/;

/** 2.1.5 logs its reports, with the function that makes each: `(unpack_resources) \terror: …`. */
const LOGGED = /^\(\w+\)\s+(?=(?:crit|error|warning|notice|info): )/;
/** libxml2 of 2.1.5 says where in the file: `/tmp/x.xml:10: element primitive: …`. */
const PLACE = /^\S+:\d+: (?=element )/;
const SEVERITY = /^(crit|error|warning|notice|info): /;

const SEVERITIES: Readonly<Record<string, Report['severity']>> = {
  crit: 'error',
  error: 'error',
  warning: 'warning',
  notice: 'notice',
  info: 'notice',
};

const withoutPlace = (line: string): string => line.trim().replace(LOGGED, '').replace(PLACE, '');

function reportsOf({ complaints, notices }: Verification): readonly Report[] {
  const messages = (lines: readonly string[]): readonly string[] =>
    lines
      .map(withoutPlace)
      .filter((line) => line !== '' && !SUMMARY.test(line) && !FOLLOWS.test(line));
  return [
    // What the validation of the schema says has no word for how bad it is.
    ...messages(complaints).map((line) => reportOf(line, 'error')),
    ...messages(notices).map((line) => reportOf(line, 'notice')),
  ];
}

function reportOf(line: string, otherwise: Report['severity']): Report {
  const [prefix = '', word = ''] = SEVERITY.exec(line) ?? [];
  return { severity: SEVERITIES[word] ?? otherwise, text: line.slice(prefix.length) };
}

/** Another instance of a clone has the same fault: their number is no part of it. */
const keyOf = ({ text }: Report): string => text.replace(/(?<=\w):\d+\b/g, ':#');

const unique = (reports: readonly Report[]): readonly Report[] => [
  ...new Map(reports.map((report) => [`${report.severity} ${report.text}`, report])).values(),
];

const summaryIn = ({ complaints }: Verification): string | undefined =>
  complaints.map((line) => line.trim()).find((line) => SUMMARY.test(line));

/** Whether it found an error, or did not come to its end. */
const hasErrors = (verification: Verification): boolean =>
  verification.exitCode !== 0 && !OF_WARNINGS.test(summaryIn(verification) ?? '');

const summaryOf = (verification: Verification): string =>
  summaryIn(verification) ?? `crm_verify ended with exit code ${verification.exitCode}`;
