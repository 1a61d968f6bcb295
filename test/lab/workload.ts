/** Resources that run on remote nodes, and a witness of every start and stop that they ever see. */
import type { Lab } from './handle.ts';
import { waitFor } from './wait.ts';

const DIRECTORY = '/usr/lib/ocf/resource.d/lab';
const LOG = '/var/log/lab-agent.log';

/** Pacemaker's own test agents, with a line in a log for whatever changes something. */
const AGENT = `#!/bin/sh
case $1 in start | stop | promote | demote | reload | reload-agent | migrate_*)
  echo "$1 $OCF_RESOURCE_INSTANCE" >>${LOG} ;;
esac
exec "/usr/lib/ocf/resource.d/pacemaker/\${0##*/}" "$@"
`;

const primitive = (id: string, type = 'Dummy', meta = '') =>
  `<primitive id="${id}" class="ocf" provider="lab" type="${type}">${meta}<operations>
<op id="${id}-monitor" name="monitor" interval="5s" timeout="30s"/>${
    type === 'Stateful'
      ? `<op id="${id}-monitor-p" name="monitor" role="Master" interval="7s" timeout="30s"/>`
      : ''
  }</operations></primitive>`;

const meta = (id: string, values: Record<string, string>) =>
  `<meta_attributes id="${id}-meta">${Object.entries(values)
    .map(([name, value]) => `<nvpair id="${id}-meta-${name}" name="${name}" value="${value}"/>`)
    .join('')}</meta_attributes>`;

const prefer = (resource: string, node: string) =>
  `<rsc_location id="${resource}-prefers" rsc="${resource}" node="${node}" score="100"/>`;

/**
 * A promotable clone on every node, promoted on h1. The roles of its operations, and they alone, have the names that Pacemaker
 * 3.0 calls deprecated, as pcs writes them: outside maintenance mode crm_verify exits with 78 for it.
 */
const ELECTED = `<clone id="elected">${meta('elected', { promotable: 'true' })}${primitive('elected-one', 'Stateful')}</clone>`;
const promotedOnH1 = (role: 'Master' | 'Promoted') =>
  `<rsc_location id="elected-prefers" rsc="elected"><rule id="elected-rule" role="${role}" score="100"><expression id="elected-expression" attribute="#uname" operation="eq" value="h1"/></rule></rsc_location>`;

/**
 * `single` on h1, `stack` (a group) on h2, a clone on every node, a promotable clone promoted on h1, and three that run
 * where the cluster likes. All of them may run anywhere: whatever is not protected will move.
 */
const RESOURCES = [
  primitive('single'),
  `<group id="stack">${primitive('stack-a')}${primitive('stack-b')}</group>`,
  `<clone id="everywhere">${primitive('everywhere-one')}</clone>`,
  ELECTED,
  ...['free-1', 'free-2', 'free-3'].map((id) => primitive(id)),
];

const CONSTRAINTS = [prefer('single', 'h1'), prefer('stack', 'h2'), promotedOnH1('Master')];

/** Puts the agent on every host that is on, and makes resources. */
async function configure(
  lab: Lab,
  resources: readonly string[],
  constraints: readonly string[],
): Promise<void> {
  for (const { name } of lab.hosts) {
    await lab.sh(
      name,
      `mkdir -p ${DIRECTORY} && cat >${DIRECTORY}/Dummy && cp ${DIRECTORY}/Dummy ${DIRECTORY}/Stateful && chmod 755 ${DIRECTORY}/*`,
      { stdin: AGENT },
    );
  }
  const xml = `<configuration><resources>${resources.join('')}</resources><constraints>${constraints.join('')}</constraints></configuration>`;
  await lab.sh('c1', 'cibadmin --modify --allow-create --xml-pipe', { stdin: xml });
}

/** Makes one resource, and waits until it runs on the node that it prefers. */
export const startOn = (lab: Lab, resource: string, node: string): Promise<void> =>
  startEach(lab, { [resource]: node });

/** Makes resources, and waits until each runs on the node that it prefers. */
export async function startEach(lab: Lab, placed: Record<string, string>): Promise<void> {
  const all = Object.entries(placed);
  await configure(
    lab,
    all.map(([resource]) => primitive(resource)),
    all.map(([resource, node]) => prefer(resource, node)),
  );
  const desired = all.map(([resource, node]) => `cluster: ${resource} Started on ${node}`);
  await waitFor(`they run: ${desired.join(', ')}`, 60_000, async () => {
    const { lines } = await photograph(lab);
    return desired.every((line) => lines.includes(line)) || lines.join('\n');
  });
}

/** Makes the promotable clone, and waits until it is promoted. */
export async function startElected(lab: Lab): Promise<void> {
  await lab.sh('c1', 'cibadmin --upgrade --force'); // the lab's own schema has no other name of the role
  await configure(lab, [ELECTED], [promotedOnH1('Promoted')]);
  await waitFor('the clone is promoted on h1', 60_000, async () => {
    const { lines } = await photograph(lab);
    return lines.some(isPromoted) || lines.join('\n');
  });
}

const isPromoted = (line: string): boolean => /elected-one\S* Promoted on h1$/.test(line);

/** Makes the resources on every host that has Pacemaker, and waits until they run. */
export async function startWorkload(lab: Lab): Promise<void> {
  await configure(lab, RESOURCES, CONSTRAINTS);
  await waitFor('the workload runs', 60_000, async () => {
    const { lines } = await photograph(lab);
    const stopped = lines.filter((line) => line.startsWith('cluster') && line.endsWith(' Stopped'));
    const promoted = lines.some(isPromoted);
    return (stopped.length === 0 && promoted) || lines.join('\n');
  });
}

/** What a quiet restart must not change. */
export type Photograph = { lines: string[] };

/**
 * Every start, stop, promotion and demotion so far, with the identity and age of each state file, from every host; and
 * where the cluster says that each resource is.
 */
export async function photograph(lab: Lab): Promise<Photograph> {
  const look = `cat ${LOG} 2>/dev/null; stat -c '%n %i %y' /run/Dummy-*.state /run/Stateful-*.state 2>/dev/null; true`;
  const witnesses = await Promise.all(
    lab.hosts.map(async ({ name }) => {
      const said = await lab.sh(name, look);
      return said
        .split('\n')
        .filter(Boolean)
        .map((line) => `${name}: ${line}`);
    }),
  );
  return { lines: [...witnesses.flat(), ...resourcesIn(await lab.crmMon())] };
}

function resourcesIn(mon: string): string[] {
  const found = mon.matchAll(
    /<resource id="([^"]+)" resource_agent="ocf:lab:[^"]+" role="(\w+)"[^>]*?(?:\/>|>(.*?)<\/resource>)/gs,
  );
  return [...found]
    .map(([, id = '', role = '', inside = '']) => {
      const nodes = [...inside.matchAll(/<node name="([^"]+)"/g)].map(([, node = '']) => node);
      return `cluster: ${id} ${role}${nodes.length > 0 ? ` on ${nodes.join()}` : ''}`;
    })
    .sort();
}
