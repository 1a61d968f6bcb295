import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux gives to connections by itself (32768 and up), which other tests make meanwhile. */
const [FIRST, LAST] = [20_000, 32_767];

/** A port where nobody listens, or at least nobody did a moment ago. */
export async function unusedPort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
  assert.fail('no port is free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isOurs = await new Promise<boolean>((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(true);
    });
  });
  if (isOurs) await new Promise((resolve) => server.close(resolve));
  return isOurs;
}
