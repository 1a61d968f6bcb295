import type { DriftHost, HostState } from '../../plan/drift/drift-hosts.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { tag, type Tag } from '../text/markup.ts';

/** How a state is called and marked: never by its colour alone. */
export const STATE_WORDS: Readonly<
  Record<HostState, { readonly text: string; readonly mark: string }>
> = {
  'in-sync': { text: 'as declared', mark: '✓' },
  pending: { text: 'not joined yet', mark: '…' },
  drifted: { text: 'drifted', mark: '!' },
  unreachable: { text: 'unreachable', mark: '?' },
  refused: { text: 'refused', mark: '×' },
  stopped: { text: 'VM is stopped', mark: '–' },
  undeclared: { text: 'not in the inventory', mark: '+' },
};

export const KIND_WORDS: Readonly<Record<DriftHost['kind'], string>> = {
  'cluster-node': 'cluster node',
  'remote-node': 'remote node',
  'guest-node': 'guest node',
};

const WIDTH = 960;
const CLUSTER_NODE = { x: 8, width: 168, height: 54 };
const SPINE = 196;
const GRID = 216;
const GAP_BETWEEN_GROUPS = 26;

/** How nodes are drawn: with their names, or as many small squares as fit. */
interface Shape {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly isNamed: boolean;
}

const CARD: Shape = { width: 140, height: 42, gap: 8, isNamed: true };
const TILE: Shape = { width: 17, height: 17, gap: 5, isNamed: false };

/** From here on names would make the picture longer than anybody looks at. */
const MOST_CARDS = 60;

/** The nodes that one cluster node holds the connections to. */
interface Group {
  readonly clusterNode: DriftHost | undefined;
  /** Where there is no such cluster node in the inventory. */
  readonly title: string;
  readonly nodes: readonly DriftHost[];
}

/** The cluster as a picture: each cluster node with the nodes that it is connected to. Who has left as declared is not in it. */
export function topology(all: readonly DriftHost[], dc: string | undefined): Tag {
  const hosts = all.filter(({ isBeingRemoved, state }) => !isBeingRemoved || state !== 'in-sync');
  const nodes = hosts.filter(({ kind }) => kind !== 'cluster-node');
  const shape = nodes.length > MOST_CARDS ? TILE : CARD;
  const drawn: Tag[] = [];
  let y = 8;
  const middles: number[] = [];
  for (const group of groupsIn(hosts)) {
    const height = heightOf(group, shape);
    if (group.clusterNode !== undefined) middles.push(y + height / 2);
    drawn.push(...groupTags(group, shape, { y, height, dc }));
    y += height + GAP_BETWEEN_GROUPS;
  }
  const bottom = y - GAP_BETWEEN_GROUPS + 8;
  const [first = 0] = middles;
  const across = CLUSTER_NODE.x + CLUSTER_NODE.width / 2;
  const ring = line([across, first], [across, middles.at(-1) ?? first], 'ring');
  return tag(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${Math.max(bottom, 70)}`,
      role: 'img',
      'aria-label': 'The cluster nodes and the nodes connected to them',
    },
    ring,
    drawn,
  );
}

function groupsIn(hosts: readonly DriftHost[]): readonly Group[] {
  const clusterNodes = hosts.filter(({ kind }) => kind === 'cluster-node');
  const byClusterNode = groupBy(
    hosts.filter(({ kind }) => kind !== 'cluster-node'),
    ({ connectedFrom }) => connectedFrom ?? '',
  );
  const names = clusterNodes.map(({ name }) => name);
  return [
    ...clusterNodes.map((clusterNode) => ({
      clusterNode,
      title: clusterNode.name,
      nodes: byClusterNode.get(clusterNode.name) ?? [],
    })),
    ...[...byClusterNode]
      .filter(([from]) => !names.includes(from))
      .sort(([one]) => (one === '' ? 1 : -1))
      .map(([from, nodes]) => ({
        clusterNode: undefined,
        title: from || 'not connected',
        nodes,
      })),
  ];
}

const perRow = ({ width, gap }: Shape): number => Math.floor((WIDTH - GRID + gap) / (width + gap));

const rowsOf = ({ nodes }: Group, shape: Shape): number => Math.ceil(nodes.length / perRow(shape));

const heightOf = (group: Group, shape: Shape): number =>
  Math.max(CLUSTER_NODE.height, rowsOf(group, shape) * (shape.height + shape.gap) - shape.gap);

interface Place {
  readonly y: number;
  readonly height: number;
  readonly dc: string | undefined;
}

function groupTags(group: Group, shape: Shape, { y, height, dc }: Place): readonly Tag[] {
  const middle = y + height / 2;
  const rows = rowsOf(group, shape);
  const isConnected = group.title !== 'not connected' || group.clusterNode !== undefined;
  const tops = Array.from({ length: rows }, (_, row) => {
    const used = rows * (shape.height + shape.gap) - shape.gap;
    return y + (height - used) / 2 + row * (shape.height + shape.gap);
  });
  const wires = isConnected ? wiresTo(group, shape, tops, middle) : [];
  const boxes = group.nodes.map((node, index) => {
    const column = index % perRow(shape);
    const x = GRID + column * (shape.width + shape.gap);
    return nodeTag(node, shape, x, tops[Math.floor(index / perRow(shape))] ?? y);
  });
  const left =
    group.clusterNode === undefined
      ? titleTag(group.title, middle)
      : clusterNodeTag(group.clusterNode, middle, group.clusterNode.name === dc);
  return [...wires, left, ...boxes];
}

/** One wire along each row, behind its boxes. */
function wiresTo(group: Group, shape: Shape, tops: readonly number[], middle: number): Tag[] {
  if (group.nodes.length === 0) return [];
  const rowMiddles = tops.map((top) => top + shape.height / 2);
  const [first = middle] = rowMiddles;
  const last = rowMiddles.at(-1) ?? middle;
  const inLastRow = group.nodes.length - (tops.length - 1) * perRow(shape);
  const endOf = (row: number): number =>
    GRID + ((row === tops.length - 1 ? inLastRow : perRow(shape)) - 1) * (shape.width + shape.gap);
  return [
    line([CLUSTER_NODE.x + CLUSTER_NODE.width, middle], [SPINE, middle]),
    line([SPINE, Math.min(first, middle)], [SPINE, Math.max(last, middle)]),
    ...rowMiddles.map((at, row) => line([SPINE, at], [endOf(row), at])),
  ];
}

const line = (
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  kind = 'wire',
): Tag => tag('line', { x1, y1, x2, y2, class: kind });

const text = (x: number, y: number, kind: string, content: string): Tag =>
  tag('text', { x, y, class: kind }, content);

function clusterNodeTag(clusterNode: DriftHost, middle: number, isDc: boolean): Tag {
  const { x, width, height } = CLUSTER_NODE;
  const top = middle - height / 2;
  return tag(
    'g',
    { class: `node member ${clusterNode.state}` },
    tag('title', {}, titleOf(clusterNode)),
    tag('rect', { x, y: top, width, height, rx: 6 }),
    text(x + 14, top + 23, 'name', clipped(clusterNode.name, 16)),
    text(x + 14, top + 41, 'small', isDc ? 'cluster node, DC' : 'cluster node'),
    text(x + width - 22, top + 24, 'mark', STATE_WORDS[clusterNode.state].mark),
  );
}

const titleTag = (title: string, middle: number): Tag =>
  text(CLUSTER_NODE.x + 14, middle + 4, 'small', clipped(title, 24));

function nodeTag(node: DriftHost, shape: Shape, x: number, y: number): Tag {
  const { width, height } = shape;
  const rx = node.kind === 'guest-node' ? height / 2 : 3;
  const box = [tag('title', {}, titleOf(node)), tag('rect', { x, y, width, height, rx })];
  const mark = STATE_WORDS[node.state].mark;
  const inside = shape.isNamed
    ? [
        text(x + 14, y + 18, 'name', clipped(node.name, 12)),
        text(x + 14, y + 33, 'small', KIND_WORDS[node.kind]),
        text(x + width - 22, y + 25, 'mark', mark),
      ]
    : [tag('text', { x: x + width / 2, y: y + 13, class: 'mark tiny' }, mark)];
  return tag('g', { class: `node ${node.state}` }, box, inside);
}

const titleOf = ({ name, kind, state, vm, isBeingRemoved }: DriftHost): string =>
  `${name}: ${KIND_WORDS[kind]}${isBeingRemoved ? ' to be removed' : ''}${vm === undefined ? '' : ` (VM ${vm.resource})`}, ${STATE_WORDS[state].text}`;

const clipped = (name: string, most: number): string => {
  const characters = Array.from(name);
  return characters.length <= most ? name : `${characters.slice(0, most - 1).join('')}…`;
};
