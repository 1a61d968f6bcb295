import type { NotIn } from '../pacemaker/crm-mon.ts';
import { printable } from '../support/printable.ts';
import {
  overviewOf,
  type ClusterNodeOverview,
  type ClusterOverview,
  type ClusterState,
  type GuestOverview,
  type RemoteOverview,
} from './cluster-overview.ts';
import { foldNames } from './fold-names.ts';
import { alignColumns, counted, wrapText, type Cell } from './layout.ts';
import { headerLines } from './plan-text.ts';
import { plainStyle, type Style } from './style.ts';

/** Why a node is not in, for people. */
const REASONS: Readonly<Record<NotIn, string>> = {
  'no-connection': 'the cluster does not report its connection',
  orphaned: 'its connection was deleted and still runs',
  unmanaged: 'its connection is unmanaged',
  blocked: 'its connection is blocked',
  failed: 'its connection failed',
  'not-started': 'its connection is not started',
  pending: 'its connection is on the way',
  'not-on-one-node': 'its connection is active on several nodes',
  'no-node': 'the cluster does not list it as a node',
  'node-unclean': 'unclean',
  'node-pending': 'still joining',
  'node-offline': 'offline',
};

/** A cluster at a glance, for people: its nodes, the remote and guest nodes and what is wrong with them. */
export function renderStatus(state: ClusterState, style: Style = plainStyle): string {
  const overview = overviewOf(state);
  const { cluster, clusterNodes, remoteNodes, guestNodes, failures, quiet } = overview;
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
    titled(
      'Left behind by an earlier run',
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

function stateCell({ notIn, states, marks }: RemoteOverview, style: Style): Cell {
  const also = [...states, ...marks.map((mark) => `${mark} left`)];
  const text = [notIn === undefined ? 'in' : `not in: ${REASONS[notIn]}`, ...also].join(', ');
  if (notIn !== undefined) return { text, paint: style.bad };
  return { text, paint: also.length === 0 ? style.good : style.attention };
}

const placeText = ({ server, port }: RemoteOverview): string =>
  server.includes(':') ? `[${printable(server)}]:${port}` : `${printable(server)}:${port}`;

function leftBehindLines(
  quiet: readonly string[],
  remoteNodes: readonly RemoteOverview[],
): readonly string[] {
  const guarded = remoteNodes
    .filter(({ marks }) => marks.includes('guard'))
    .map(({ name }) => name);
  const told = [
    ...(guarded.length === 0 ? [] : [`join guard: ${foldNames(guarded)}`]),
    ...(quiet.length === 0 ? [] : [`quiet mark (unmanaged for a restart): ${foldNames(quiet)}`]),
  ];
  return told.length === 0
    ? []
    : [
        ...told.flatMap((text) => wrapText(text, 2, 4)),
        '  The next apply that names them takes them away.',
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

/** A machine that is stopped does not count as one that is missing. */
function guestsText(
  guestNodes: readonly GuestOverview[],
  share: (nodes: readonly RemoteOverview[], noun: string) => string,
): string {
  const stopped = guestNodes.filter(({ isStopped }) => isStopped).length;
  const running = guestNodes.filter(({ isStopped }) => !isStopped);
  return `${share(running, 'guest node')}${stopped === 0 ? '' : `, ${stopped} stopped`}`;
}

function summaryLine(
  { clusterNodes, remoteNodes, guestNodes, failures }: ClusterOverview,
  style: Style,
): string {
  const online = clusterNodes.filter(({ states }) => states[0] === 'online').length;
  const share = (nodes: readonly RemoteOverview[], noun: string): string => {
    const inside = nodes.filter(({ notIn }) => notIn === undefined).length;
    const text = `${inside} of ${counted(nodes.length, noun)} in`;
    return inside === nodes.length ? text : style.bad(text);
  };
  const told = [
    `${online} of ${counted(clusterNodes.length, 'cluster node')} online`,
    share(remoteNodes, 'remote node'),
    ...(guestNodes.length === 0 ? [] : [guestsText(guestNodes, share)]),
    ...(failures.length === 0 ? [] : [style.bad(counted(failures.length, 'failure'))]),
  ];
  return told.join(', ');
}
