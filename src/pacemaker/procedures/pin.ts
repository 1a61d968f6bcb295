import type { Cib } from '../cib/cib.ts';
import { checkedId, deletion, merge, type CibOperation } from '../edits/operations.ts';
import { nvpair } from '../edits/connection-element.ts';
import { PIN_PREFIX } from '../basics/names.ts';
import { element } from '../basics/xml.ts';

const DEFAULTS_ID = `${PIN_PREFIX}-defaults`;
const CONNECTION_PREFIX = `${PIN_PREFIX}-connection-`;

/**
 * Makes everything stay where it is for as long as nothing fails, and connections return to the cluster node that they
 * are on. A connection that is lost for a moment changes what each cluster node carries, and with Pacemaker's default
 * resource-stickiness of 0 that alone moved resources of bystanders between cluster nodes (3.0.0, fencing on and off).
 */
export const pin = (connections: ReadonlyMap<string, string>): readonly CibOperation[] =>
  merge({
    constraints: [...connections].map(([rsc, node]) =>
      element('rsc_location', {
        id: checkedId(`${CONNECTION_PREFIX}${rsc}`),
        rsc: checkedId(rsc),
        node,
        score: 'INFINITY',
      }),
    ),
    rsc_defaults: [
      element('meta_attributes', { id: DEFAULTS_ID, score: 'INFINITY' }, [
        nvpair(`${DEFAULTS_ID}-resource-stickiness`, 'resource-stickiness', 'INFINITY'),
      ]),
    ],
  });

/** Takes all of it away, also what an interrupted run left. */
export const unpin = (cib: Cib): readonly CibOperation[] =>
  deletion(
    [...cib.ids]
      .filter(([id]) => id === DEFAULTS_ID || id.startsWith(CONNECTION_PREFIX))
      .map(([id, { name }]) => ({ element: name, id })),
  );

/** Whether a connection is pinned. */
export const isPinned = (cib: Cib, connection: string): boolean =>
  cib.ids.has(`${CONNECTION_PREFIX}${connection}`);
