import type { FakeState } from './fake-certificates.ts';

/** What reach.sh prints, by what listens on each host. */
export function triedPorts(
  input: string,
  hosts: ReadonlyMap<string, Pick<FakeState, 'sections'>>,
): string {
  const isOpen = (line: string): boolean => {
    const [server = '', port] = line.split(' ');
    const socket = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')}\n`;
    return hosts.get(server)?.sections.get('listening')?.includes(socket) === true;
  };
  const lines = input.trim().split('\n');
  return lines.map((line) => `${line} ${isOpen(line) ? 'open' : 'closed'}\n`).join('');
}
