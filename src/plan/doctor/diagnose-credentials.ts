import { connectedNames } from '../../pacemaker/cib/cib.ts';
import { DAEMON_USER } from '../../pacemaker/basics/names.ts';
import { OutriggerError } from '../../support/errors.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { attention, bad, hostCount, of, ofThose, type Checked, type Found } from './checked.ts';
import type { Examination } from '../../model/diagnosis.ts';
import { allHosts, type Facts, type HostFacts } from '../../model/facts.ts';
import type { Change } from '../../model/plan.ts';
import { certificatesOn, credentialInUse, isHalfConverted } from '../../credentials/in-use.ts';
import { isOfRunningDaemon } from '../drift/running-daemon.ts';
import { closedFile, unreadableFile } from '../../credentials/unreadable-files.ts';

/** Keys that differ, and what is not as written; the owner of a key is reported, never the key. */
export function checkCredentialsInUse({ facts, plan }: Examination): Checked {
  const clusterNodes = [...facts.clusterNodes.values()];
  const connected = facts.cluster === undefined ? [] : connectedNames(facts.cluster.cib);
  const isIn = (name: string): boolean => facts.clusterNodes.has(name) || connected.includes(name);
  const holders = allHosts(facts).filter(({ authkey }) => authkey.digest !== undefined);
  const [first] = clusterNodes.filter(({ authkey }) => authkey.digest !== undefined);
  const other = holders.filter(({ authkey }) => authkey.digest !== first?.authkey.digest);
  const keys = other
    .filter(({ name }) => isIn(name))
    .map(({ name }) =>
      (connected.length > 0 ? bad : attention)(
        name,
        `its authkey differs from that of ${first?.name ?? ''}`,
        connected.length > 0
          ? 'see `plan`; until this is fixed, a connection that moves may fail and its node may be fenced'
          : 'apply installs the same one',
      ),
    );
  const usesCertificates = clusterNodes.some((host) => credentialInUse(host) === 'certificates');
  const holding = `${of(holders.length - other.length, holders.length)} hosts with an authkey match ${first?.name ?? 'the cluster'}`;
  const found = whatIsInUse(facts) ?? holding;
  const isKnown = found !== holding || first !== undefined;
  const summary = isKnown
    ? ofThose(allHosts(facts).length, hostCount({ facts }), found)
    : undefined;
  const known = [
    ...keys,
    ...clusterNodes.flatMap((host) => unreadable(host, usesCertificates)),
    ...otherCredentials(facts, isIn),
  ];
  if (plan instanceof OutriggerError) return { summary, findings: known };
  const changes = plan.plays
    .flatMap(({ changes: planned }) => planned)
    .filter(({ isConsequence }) => !isConsequence)
    .flatMap(aboutCredentials)
    .filter(({ host }) => isIn(host) && known.every((found) => found.host !== host));
  const differ = [...groupBy(changes, ({ host }) => host)].map(([host, same]) => {
    const what = same.map(
      ({ item, attributes }) => `${item} (${attributes.map(({ name }) => name).join(', ')})`,
    );
    return attention(host, `differs from the inventory: ${what.join(', ')}`, 'see `plan`');
  });
  return { summary, findings: [...known, ...differ] };
}

/** A connection that moves to a cluster node whose daemon cannot read its credentials fails. */
function unreadable(host: HostFacts, usesCertificates: boolean): readonly Found[] {
  const found = unreadableFile(host, usesCertificates);
  if (found !== undefined) return [bad(host.name, found.message, found.hint)];
  const file = closedFile(host, usesCertificates);
  if (file === undefined) return [];
  return [
    bad(
      host.name,
      `${DAEMON_USER} cannot read ${file}`,
      'apply corrects its permissions; until then a connection that moves there fails, and its node may be fenced',
    ),
  ];
}

const WRITTEN: readonly string[] = ['authkey', 'certificate', 'environment', 'pacemaker'];

/** What a change has to do with credentials: all of it, or what concerns the running daemon. */
function aboutCredentials({
  host,
  item,
  attributes,
}: Change): readonly Pick<Change, 'host' | 'item' | 'attributes'>[] {
  if (WRITTEN.includes(item)) return [{ host, item, attributes }];
  const ofDaemon = attributes.filter(({ name }) => isOfRunningDaemon(item, name));
  return ofDaemon.length === 0 ? [] : [{ host, item, attributes: ofDaemon }];
}

/** What the daemons run with, whatever is written; undefined: all of them with the authkey, or none runs. */
function whatIsInUse(facts: Facts): string | undefined {
  const uses = groupBy(allHosts(facts), (host) => credentialInUse(host) ?? 'nothing');
  const names = (hosts: readonly HostFacts[] = []): string =>
    hosts.map(({ name }) => name).join(', ');
  const [certified, keyed] = [uses.get('certificates'), uses.get('authkey')];
  if (certified === undefined) return undefined;
  return keyed === undefined
    ? 'certificates are in use'
    : `certificates are in use on ${names(certified)}, the authkey on ${names(keyed)}`;
}

/** Daemons that cannot connect with each other, or would not after their next start. */
function otherCredentials(facts: Facts, isIn: (name: string) => boolean): readonly Found[] {
  const clusterNodes = [...facts.clusterNodes.values()];
  return allHosts(facts)
    .filter(({ name }) => isIn(name))
    .flatMap((host): readonly Found[] => {
      const message = disagreementOf(host, clusterNodes) ?? halfConverted(host);
      return message === undefined ? [] : [bad(host.name, message, REPAIR_CREDENTIALS)];
    });
}

const REPAIR_CREDENTIALS =
  'declare the credentials in the inventory (`authentication`), and apply: it installs them and restarts the daemons';

const halfConverted = (host: HostFacts): string | undefined =>
  isHalfConverted(host) ? certificatesOn(host) : undefined;

const CALLED = { certificates: 'certificates', authkey: 'the authkey' } as const;

/** Of cluster nodes that run with different credentials, those with certificates are reported. */
function disagreementOf(host: HostFacts, clusterNodes: readonly HostFacts[]): string | undefined {
  const uses = credentialInUse(host);
  const others = clusterNodes.filter((other) => (credentialInUse(other) ?? uses) !== uses);
  if (uses === undefined || others.length === 0) return undefined;
  const names = others.map(({ name }) => name).join(', ');
  const theirs = CALLED[uses === 'authkey' ? 'certificates' : 'authkey'];
  if (!clusterNodes.includes(host))
    return `its pacemaker_remote uses ${CALLED[uses]}, but Pacemaker on ${names} uses ${theirs}: they cannot connect`;
  return uses === 'certificates'
    ? `its Pacemaker uses ${CALLED[uses]}, but that of ${names} uses ${theirs}`
    : undefined;
}
