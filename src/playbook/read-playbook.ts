import { hasErrors, sortDiagnostics, type Diagnostic } from '../support/yaml/diagnostic.ts';
import { readDocument, type DocumentText } from '../support/yaml/read-document.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { checkOrder } from './check-order.ts';
import { checkPlays, stepsOf } from './check-plays.ts';
import type { BatchSize, Play, Playbook } from './playbook.ts';
import { isWhole, itemsOfProcedure } from './procedures.ts';
import type { Playbook as PlaybookDocument, Play as PlayDocument } from './schema-types.ts';

export interface ReadPlaybook {
  /** Undefined as soon as there is one error. */
  readonly playbook: Playbook | undefined;
  /** All errors and warnings, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a playbook; an order that could hurt a running cluster is an error like any other. */
export function readPlaybook(text: DocumentText): ReadPlaybook {
  const { checked, diagnostics } = readDocument<PlaybookDocument>(text);
  if (checked === undefined) return { playbook: undefined, diagnostics };
  const plays = checked.sound.plays ?? [];
  // What a former name stands for is missing: whatever else is found would follow from that.
  const hasFormerNames = checked.findings.some(({ code }) => code === 'renamed');
  const shape = [...checked.findings, ...(hasFormerNames ? [] : checkPlays(plays))];
  const findings = [...shape, ...(hasErrors(shape) ? [] : checkOrder(stepsOf(plays)))];
  return {
    playbook: hasErrors(findings) ? undefined : { plays: plays.flatMap(playOf) },
    diagnostics: sortDiagnostics(findings.map((finding) => checked.document.place(finding))),
  };
}

const playOf = (play: Sound<PlayDocument> | undefined): Play[] =>
  play?.name === undefined || play.hosts === undefined
    ? []
    : [
        {
          name: play.name,
          hosts: play.hosts,
          for: play.for ?? 'remoteNodes',
          gates: present(play.gates),
          items: isWhole(play.procedure) ? itemsOfProcedure(play.procedure) : present(play.items),
          checks: present(play.checks),
          procedure: play.procedure,
          batch: batchOf(play.batch),
        },
      ];

/** The schema lets no other strings than percentages through. */
const batchOf = (batch: Sound<PlayDocument>['batch']): BatchSize[] =>
  (Array.isArray(batch) ? present(batch) : present([batch])) as BatchSize[];

const present = <Entry>(entries: readonly (Entry | undefined)[] | undefined): Entry[] =>
  (entries ?? []).filter((entry) => entry !== undefined);
