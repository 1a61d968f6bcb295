import type { ExecRequest } from '../../src/host/host.ts';
import type { Answer } from './fake-host.ts';

interface FakeState {
  readonly sections: Map<string, string>;
  readonly tick: () => number;
}

/** What is offered becomes what is installed, and the daemon is started again; or what `other` does. */
export function upgraded(
  how: string | undefined,
  { sections, tick }: FakeState,
  other: (() => Answer) | undefined,
): Answer {
  if (how === 'fetch') return '';
  if (other !== undefined) return other();
  const offers = new Map(
    (sections.get('upgrades') ?? '')
      .split('\n')
      .map((line) => line.split(' '))
      .map(([, name = '', version = '']) => [name, version]),
  );
  const packages = (sections.get('packages') ?? '').split('\n').map((line) => {
    const [name = '', state = ''] = line.split(' ');
    const version = offers.get(name);
    return version === undefined ? line : `${name} ${state} ${version}`;
  });
  sections.set('packages', packages.join('\n'));
  sections.delete('upgrades');
  sections.set('started', `t ${Math.round(tick() * 1e6)}\n`);
  return '';
}

/** A probe reports upgrades, and keys that were made, only when they are requested. */
export function reportUpgrades(
  sections: Map<string, string>,
  { input, params: [, role, own] = [] }: ExecRequest,
): void {
  const listsUpgrades = input === 'upgrades\n';
  if (role === 'remote' && input !== '' && !listsUpgrades)
    throw new Error('a host is told of no other');
  const parts = { upgrades: listsUpgrades, made_keys: own === 'keys' };
  for (const [part, isRequested] of Object.entries(parts)) {
    if (!isRequested) sections.delete(part);
    else if (!sections.has(part)) sections.set(part, '');
  }
}
