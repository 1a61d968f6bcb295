import { endOfOrphans } from '../../pacemaker/cib/orphans.ts';
import { printable } from '../../support/text/printable.ts';
import {
  overviewOf,
  type ClusterNodeOverview,
  type ClusterOverview,
  type ClusterState,
  type Declared,
  type DeclaredNodes,
  type GuestOverview,
  type OrphanOverview,
  type RemoteOverview,
  type WhyNotIn,
} from './cluster-overview.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { alignColumns, counted, wrapText, type Cell } from '../text/layout.ts';
import { headerLines } from '../plan/plan-text.ts';
import { plainStyle, type Style } from '../text/style.ts';

/** Why a node is not in, for people. */
const REASONS: Readonly<Record<WhyNotIn, string>> = {
  'no-connection': 'the cluster does not report its connection',
  orphaned: 'its connection was deleted but still runs',
  unmanaged: 'its connection is unmanaged',
  blocked: 'its connection is blocked',
  failed: 'its connection failed',
  'not-started': 'its connection is not started',
  pending: 'its connection is starting',
  'not-on-one-node': 'its connection is active on several nodes',
  'no-node': 'the cluster does not list it as a node',
  'node-unclean': 'unclean',
  'node-pending': 'still joining',
  'node-offline': 'offline',
  'not-in-cluster': 'it is not in the cluster',
};

/** A cluster at a glance, for people: its nodes, the remote and guest nodes and what is wrong with them. */
export function renderStatus(
  state: ClusterState,
  spec: DeclaredNodes,
  style: Style = plainStyle,
): string {
  const overview = overviewOf(state, spec);
  const { cluster, clusterNodes, remoteNodes, guestNodes, orphans, failures, quiet } = overview;
  const sections = [
    headerLines(
      { ...cluster, name: cluster.name === '' ? '(without a name)' : cluster.name },
      style,
    ),
    table(
      'Cluster nodes',
      ['NAME', 'STATE'],
      clusterNodes.map((node) => clusterNodeRow(node, style)),
      style,
    ),
    table(
      'Remote nodes',
      REMOTE_COLUMNS,
      remoteNodes.map((node) => remoteRow(node, style)),
      style,
    ),
    table(
      'Guest nodes',
      [...REMOTE_COLUMNS.slice(0, 4), 'MACHINE', ...REMOTE_COLUMNS.slice(4)],
      guestNodes.map((node) => guestRow(node, style)),
      style,
    ),
    orphanLines(orphans, state, style),
    titled(
      'Leftovers of an earlier run',
      leftBehindLines(quiet, [...remoteNodes, ...guestNodes]),
      style,
    ),
    titled('Failures', failures.flatMap(failureLines).map(style.bad), style),
    [summaryLine(overview, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const REMOTE_COLUMNS = ['NAME', 'STATE', 'CONNECTED FROM', 'SERVER', 'RESOURCES'];

const titled = (title: string, lines: readonly string[], style: Style): readonly string[] =>
  lines.length === 0 ? [] : [style.heading(title), ...lines];

function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): readonly string[] {
  const head = columns.map((text) => ({ text, paint: style.faint }));
  return rows.length === 0 ? [] : titled(title, alignColumns([head, ...rows], 2), style);
}

function clusterNodeRow(
  { name, isDc, states }: ClusterNodeOverview,
  style: Style,
): readonly Cell[] {
  const text = [...states, ...(isDc ? ['DC'] : [])].join(', ');
  const isWell = states.length === 1 && states[0] === 'online';
  return [printable(name), { text, paint: isWell ? style.good : style.attention }];
}

const remoteRow = (node: RemoteOverview, style: Style): readonly Cell[] => [
  printable(node.name),
  stateCell(node, style),
  printable(node.connectedFrom ?? '-'),
  placeText(node),
  foldNames(node.resources) || '-',
];

function guestRow(node: GuestOverview, style: Style): readonly Cell[] {
  const row = remoteRow(node, style).toSpliced(4, 0, printable(node.resource));
  return node.isStopped
    ? row.toSpliced(1, 1, { text: 'stopped by the cluster', paint: style.faint })
    : row;
}

function orphanLines(
  orphans: readonly OrphanOverview[],
  state: ClusterState,
  style: Style,
): readonly string[] {
  if (orphans.length === 0) return [];
  const rows = orphans.map((orphan) => orphanRow(orphan, style));
  const title = 'Orphans (deleted from the CIB, still running)';
  return [
    ...table(title, ['NAME', 'AGENT', 'ACTIVE ON', 'RESOURCES'], rows, style),
    ...wrapText(`To stop them: ${endOfOrphans(state)}.`, 2, 4),
  ];
}

const orphanRow = ({ id, agent, on, resources }: OrphanOverview, style: Style): readonly Cell[] => [
  { text: printable(id), paint: style.bad },
  printable(agent),
  foldNames(on),
  foldNames(resources) || '-',
];

function stateCell({ notOnline, declared, states, markers }: RemoteOverview, style: Style): Cell {
  const also = [...states, ...markers.map((mark) => `${mark} left`), ...DECLARED_WORDS[declared]];
  const text = [notOnline === undefined ? 'in' : `not online: ${REASONS[notOnline]}`, ...also].join(
    ', ',
  );
  if (notOnline !== undefined) return { text, paint: style.bad };
  return { text, paint: also.length === 0 ? style.good : style.attention };
}

const DECLARED_WORDS: Readonly<Record<Declared, readonly string[]>> = {
  present: [],
  absent: ['to be removed'],
  'not-declared': ['not in the inventory'],
};

const placeText = ({ server, port }: RemoteOverview): string =>
  server.includes(':') ? `[${printable(server)}]:${port}` : `${printable(server)}:${port}`;

function leftBehindLines(
  quiet: readonly string[],
  remoteNodes: readonly RemoteOverview[],
): readonly string[] {
  const guarded = remoteNodes
    .filter(({ markers }) => markers.includes('guard'))
    .map(({ name }) => name);
  const reported = [
    ...(guarded.length === 0 ? [] : [`join guard: ${foldNames(guarded)}`]),
    ...(quiet.length === 0 ? [] : [`restart protection (unmanaged): ${foldNames(quiet)}`]),
  ];
  return reported.length === 0
    ? []
    : [
        ...reported.flatMap((text) => wrapText(text, 2, 4)),
        '  The next apply for these nodes removes them.',
      ];
}

function failureLines({
  operationKey,
  node,
  task,
  exitStatus,
  exitReason,
  status,
}: ClusterOverview['failures'][number]): readonly string[] {
  const what = task === '' ? operationKey : `${operationKey} (${task})`;
  const why = [exitReason, exitStatus, status].filter((text) => text !== '').join(', ');
  return wrapText(`${printable(what)} on ${printable(node)}: ${printable(why)}`, 2, 4);
}

/** Online cluster nodes out of those that the cluster has, or out of those that are declared where these are more. */
function clusterNodesText(
  { clusterNodes, declaredClusterNodes }: ClusterOverview,
  style: Style,
): string {
  const online = clusterNodes.filter(({ states }) => states[0] === 'online').length;
  const missing = declaredClusterNodes - clusterNodes.length;
  if (missing <= 0) return `${online} of ${counted(clusterNodes.length, 'cluster node')} online`;
  const text = `${online} of ${counted(declaredClusterNodes, 'cluster node')} online`;
  return style.bad(`${text} (the cluster has ${clusterNodes.length})`);
}

/** Those that are in out of those that the inventory declares; a VM that is stopped does not count as missing. */
function shareText(nodes: readonly RemoteOverview[], noun: string, style: Style): string {
  const declared = nodes.filter((node) => node.declared === 'present');
  const running = declared.filter((node) => !isStopped(node));
  const inside = running.filter(({ notOnline }) => notOnline === undefined).length;
  const text = `${inside} of ${counted(running.length, noun)} in`;
  const rest = [
    [declared.length - running.length, 'stopped'],
    [nodes.filter((node) => node.declared === 'absent').length, 'to be removed'],
    [nodes.filter((node) => node.declared === 'not-declared').length, 'not in the inventory'],
  ] as const;
  const besides = rest.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  return `${inside === running.length ? text : style.bad(text)}${besides.length === 0 ? '' : ` (${besides.join(', ')})`}`;
}

const isStopped = (node: RemoteOverview | GuestOverview): boolean =>
  'isStopped' in node && node.isStopped;

function summaryLine(overview: ClusterOverview, style: Style): string {
  const { remoteNodes, guestNodes, orphans, failures } = overview;
  const reported = [
    clusterNodesText(overview, style),
    shareText(remoteNodes, 'remote node', style),
    ...(guestNodes.length === 0 ? [] : [shareText(guestNodes, 'guest node', style)]),
    ...(orphans.length === 0 ? [] : [style.bad(counted(orphans.length, 'orphan'))]),
    ...(failures.length === 0 ? [] : [style.bad(counted(failures.length, 'failure'))]),
  ];
  return reported.join(', ');
}
