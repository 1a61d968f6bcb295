import type { Lab } from './lab.ts';
import { installByHand } from './sabotage.ts';
import { waitFor } from './wait.ts';

const PASSWORD = 'lab-password';

/** pcsd runs and is trusted on these hosts, as pcs wants it before it touches a node; `seats`: the host of each name. */
export async function authenticatePcs(
  lab: Lab,
  seats: Readonly<Record<string, string>>,
): Promise<void> {
  const bare = Object.values(seats).filter((host) => !host.startsWith('c'));
  await Promise.all(bare.map((host) => installByHand(lab, host, 'pcs')));
  await Promise.all(
    Object.values(seats).map((host) =>
      lab.sh(host, `echo hacluster:${PASSWORD} | chpasswd && systemctl start pcsd`),
    ),
  );
  const hosts = Object.entries(seats)
    .map(([name, host]) => `${name} addr=${lab.addresses[host] ?? ''}`)
    .join(' ');
  await waitFor('pcs host auth', 60_000, async () => {
    const auth = `pcs host auth ${hosts} -u hacluster -p ${PASSWORD}`;
    const { code, stdout, stderr } = await lab.exec('c1', auth);
    return code === 0 || stdout + stderr;
  });
}
