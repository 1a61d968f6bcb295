import { readForImport } from '../probe/read-import.ts';
import type { ConnectHost } from '../host/host.ts';
import type { ImportTarget } from '../import/draft-of.ts';
import { importInventory, type Imported } from '../import/import-inventory.ts';
import { readInventory } from '../inventory/read-inventory.ts';
import type { ClusterNodeSpec } from '../inventory/spec.ts';
import { hasErrors } from '../support/yaml/diagnostic.ts';
import { OutriggerError } from '../support/errors.ts';
import { writeYaml } from '../support/yaml/yaml.ts';
import { firstAnswer } from './plan/first-member.ts';
import { loadSchema } from './load-document.ts';

/** The host to read, as an inventory with these settings would reach it. Throws USAGE for what none may say. */
export function clusterNodeToRead({ address, connection }: ImportTarget): ClusterNodeSpec {
  const text = writeYaml({
    apiVersion: 'outrigger/v1',
    cluster: { name: 'import' },
    ...(connection === undefined ? {} : { connection }),
    clusterNodes: [{ name: 'asked', address }],
  });
  const schema = loadSchema('inventory');
  const { spec, diagnostics } = readInventory({
    file: 'options',
    text,
    schema,
    directory: '/',
    home: '/',
  });
  const [node] = spec?.clusterNodes ?? [];
  if (node !== undefined && !hasErrors(diagnostics)) return { ...node, name: address };
  const problems = diagnostics.map(({ message, expected }) =>
    expected === undefined ? message : `${message}; expected ${expected}`,
  );
  throw new OutriggerError('USAGE', `cannot connect with these options: ${problems.join('; ')}`);
}

/** Reads a living cluster through one of its nodes, by one connection and one exec, and writes it down as an inventory. */
export async function importCluster(
  target: ImportTarget,
  connect: ConnectHost,
  signal: AbortSignal,
): Promise<Imported> {
  const clusterNodes = [clusterNodeToRead(target)];
  const { host, answer } = await firstAnswer({ clusterNodes }, connect, { signal }, readForImport);
  await host.close();
  return importInventory(answer, target, loadSchema('inventory'));
}
