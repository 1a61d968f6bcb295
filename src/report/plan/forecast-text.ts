import type { Forecast } from '../../model/plan.ts';
import { printable } from '../../support/text/printable.ts';
import { compareNames, foldNames } from '../../support/text/fold-names.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { counted, wrapText } from '../text/layout.ts';
import type { Paint, Style } from '../text/style.ts';

/** Width of the words in front: `connections start`. */
const LABEL = 19;

/** What the cluster itself will do, by its own scheduler, as lines below a heading. */
export function forecastLines(
  { effects, fencedOnFailure, withoutEligibleNode }: Forecast,
  style: Style,
): readonly string[] {
  const others = groupBy(effects.others, ({ action }) => action);
  const entries: readonly [label: string, text: string, paint: Paint][] = [
    [
      'connections start',
      placed(effects.connectionStarts.map(({ node, on }) => ({ what: node, where: `on ${on}` }))),
      style.good,
    ],
    ['probes', effects.probes === 0 ? '' : String(effects.probes), style.faint],
    ['starts', onNodes(effects.starts), style.good],
    ['grows', grown(effects.cloneGrowth), style.good],
    ['moves', moved(effects.moves), style.attention],
    ['stops', onNodes(effects.stops), style.bad],
    ['no eligible node', onNodes(withoutEligibleNode), style.bad],
    ...[...others]
      .sort(([a], [b]) => compareNames(a, b))
      .map(([action, list]): [string, string, Paint] => [
        printable(action),
        onNodes(list),
        style.attention,
      ]),
    ['fences', foldNames(effects.fences), style.bad],
  ];
  const reported = entries.filter(([, text]) => text !== '');
  return [
    ...(reported.length === 0 ? ['  none'] : reported.flatMap(labelled)),
    fencedOnFailure.length === 0
      ? '  fenced if all new connections fail: none'
      : style.bad(`  fenced if all new connections fail: ${foldNames(fencedOnFailure)}`),
  ];
}

const labelled = ([label, text, paint]: readonly [string, string, Paint]): readonly string[] => {
  const [first = '', ...others] = wrapText(text, LABEL + 2);
  return [`  ${label.padEnd(LABEL)}${paint(first.trimStart())}`, ...others.map(paint)];
};

const onNodes = (list: readonly { readonly resource: string; readonly on: string }[]): string =>
  placed(list.map(({ resource, on }) => ({ what: resource, where: `on ${on}` })));

const moved = (list: Forecast['effects']['moves']): string =>
  placed(
    list.map(({ resource, from, to }) => ({ what: resource, where: `from ${from} to ${to}` })),
  );

/** `web on c1; compute[1-3] on c2`: what goes to the same place is folded. */
function placed(list: readonly { readonly what: string; readonly where: string }[]): string {
  const groups = groupBy(list, ({ where }) => where);
  return [...groups]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([where, entries]) => `${foldNames(entries.map(({ what }) => what))} ${printable(where)}`)
    .join('; ');
}

const grown = (list: Forecast['effects']['cloneGrowth']): string =>
  list
    .toSorted((a, b) => compareNames(a.clone, b.clone))
    .map(({ clone, by }) => `${printable(clone)} by ${counted(by, 'instance')}`)
    .join('; ');
