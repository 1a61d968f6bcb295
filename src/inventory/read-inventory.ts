import {
  errorAt,
  hasErrors,
  sortDiagnostics,
  warningAt,
  type Diagnostic,
  type Finding,
} from '../support/yaml/diagnostic.ts';
import { readDocument, type DocumentText } from '../support/yaml/read-document.ts';
import type { YamlDocument } from '../support/yaml/yaml.ts';
import type { CertificateFinding } from '../model/certificate-finding.ts';
import { checkDrift } from './check-drift.ts';
import { driftIgnoresIn } from './drift-ignores.ts';
import { checkNodes } from './check-nodes.ts';
import { checkSettings } from './check-settings.ts';
import { checkRevoked } from './check-x509.ts';
import type { PathBase } from './file-paths.ts';
import { checkFiles, filesNamed, type FileFacts, type NamedFile } from './files-named.ts';
import { resolveInventory, type Declared, type Resolved } from './resolve-inventory.ts';
import type { Inventory } from './schema-types.ts';
import type { NodeLists, Spec } from './spec.ts';

/** The text of an inventory (`file` is its name as messages show it) and what its paths are relative to. */
export interface InventoryText extends DocumentText, PathBase {}

export interface ReadInventory {
  /** Undefined as soon as there is one error. */
  readonly spec: Spec | undefined;
  /** All errors and warnings, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** The local files that the inventory names. */
  readonly files: readonly NamedFile[];
  /** What is wrong with those files, once the caller has looked at them. */
  readonly diagnoseFiles: (facts: ReadonlyMap<string, FileFacts>) => Diagnostic[];
  /** The places in the inventory that name the files of these findings. */
  readonly diagnoseCertificateFindings: (findings: readonly CertificateFinding[]) => Diagnostic[];
}

/** Reads an inventory: checked, ranges expanded, groups and defaults merged in; or everything that is wrong with it. */
export function readInventory(inventory: InventoryText): ReadInventory {
  const { checked, diagnostics } = readDocument<Inventory>(inventory);
  if (checked === undefined) {
    const none = (): Diagnostic[] => [];
    return {
      spec: undefined,
      diagnostics,
      files: [],
      diagnoseFiles: none,
      diagnoseCertificateFindings: none,
    };
  }
  const { document, sound } = checked;
  const placeOf = (pointer: string): string => {
    const { line, column } = document.positionOf(pointer);
    return `${inventory.file}:${line}:${column}`;
  };
  const resolved = resolveInventory(sound, { ...inventory, placeOf });
  const all = [...resolved.clusterNodes, ...resolved.remoteNodes, ...resolved.guestNodes];
  const files = filesNamed(sound, inventory, namesOf(all.filter(isPresent)));
  const findings = [
    ...checked.findings,
    ...resolved.findings,
    ...checkNodes(resolved, (pointer) => document.positionOf(pointer).line),
    ...checkSettings(sound),
    ...checkRevoked(sound, namesOf(all)),
    ...checkDrift(sound, namesOf(all)),
  ];
  return {
    spec: hasErrors(findings) ? undefined : specOf(resolved, driftIgnoresIn(sound)),
    diagnostics: sortDiagnostics(findings.map((finding) => document.place(finding))),
    files,
    diagnoseFiles: (facts) => placeFindings(document, checkFiles(files, facts)),
    diagnoseCertificateFindings: (reported) => placeFindings(document, asFindings(reported, files)),
  };
}

const namesOf = (nodes: readonly Declared<{ readonly name: string }>[]): readonly string[] =>
  nodes.map(({ node }) => node.name);

const isAbsent = ({ isAbsent = false }: Declared<unknown>): boolean => isAbsent;
const isPresent = (declared: Declared<unknown>): boolean => !isAbsent(declared);

const specOf = (
  { clusterName, clusterNodes, remoteNodes, guestNodes, authentication }: Resolved,
  driftIgnores: Spec['driftIgnores'],
): Spec => {
  const lists = (isMeant: (declared: Declared<unknown>) => boolean): NodeLists => ({
    remoteNodes: remoteNodes.filter(isMeant).map(({ node }) => node),
    guestNodes: guestNodes.filter(isMeant).map(({ node }) => node),
  });
  return {
    cluster: { name: clusterName },
    clusterNodes: clusterNodes.map(({ node }) => node),
    ...lists(isPresent),
    absent: lists(isAbsent),
    authentication,
    driftIgnores,
  };
};

const placeFindings = (document: YamlDocument, findings: readonly Finding[]): Diagnostic[] =>
  sortDiagnostics(findings.map((finding) => document.place(finding)));

/** Where the inventory names the file of each finding. */
function asFindings(
  reported: readonly CertificateFinding[],
  files: readonly NamedFile[],
): readonly Finding[] {
  const pointers = new Map(files.map(({ path, pointer }) => [path, pointer]));
  return reported.map(({ severity, path, message }) => {
    const place = severity === 'error' ? errorAt : warningAt;
    const pointer = pointers.get(path) ?? '/authentication/x509';
    return place(pointer, 'invalid-certificate', `${path}: ${message}`);
  });
}
