/** Takes the lock of a file again and again, each time to write down that nobody else is inside. */
import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { whileLocked } from '../../src/host/files/file-lock.ts';
import { isGone, processIdentity } from '../../src/host/files/process-identity.ts';

const [file = '', rounds = '0'] = process.argv.slice(2);
const inside = `${file}.inside`;

for (let round = 0; round < Number(rounds); round += 1) {
  await whileLocked(file, async () => {
    const other = existsSync(inside) ? readFileSync(inside, 'utf8') : '';
    if (other !== '' && !isGone(other)) appendFileSync(file, `TWO ${other} and ${process.pid}\n`);
    writeFileSync(`${inside}.${process.pid}`, processIdentity() ?? '');
    renameSync(`${inside}.${process.pid}`, inside);
    await sleep(Math.random() * 3);
    if (readFileSync(inside, 'utf8') !== processIdentity()) appendFileSync(file, 'TWO at once\n');
    rmSync(inside);
    appendFileSync(file, 'once\n');
  });
}
