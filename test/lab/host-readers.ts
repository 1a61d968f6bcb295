/** What readers of hosts make of them, held against the hosts' own programs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readEnvironment } from '../../src/probe/readers/read-environment.ts';
import { environmentFiles } from '../support/environment-files.ts';
import type { Lab } from './lab.ts';

const HOST_SCRIPTS = join(import.meta.dirname, '..', '..', 'src', 'host', 'scripts');

/** Generated files, read by our reader on h1 and given to a program by its systemd. */
export async function environmentFilesAsSystemd(lab: Lab): Promise<void> {
  const seed = Date.now() % 1_000_000_007;
  console.log(`      seed ${seed}`);
  const files = fc.sample(environmentFiles, { seed, numRuns: 60 });
  const folder = '/root/environment-files';
  const input = files.map((file) => `${file.toString('base64')}\n`).join('');
  await lab.sh(
    'h1',
    `mkdir ${folder} && cd ${folder} && n=0 && while read -r text; do printf %s "$text" | base64 -d >$n; n=$((n + 1)); done`,
    { stdin: input },
  );
  const reader = readFileSync(join(HOST_SCRIPTS, 'environment-file.sh'), 'utf8');
  const byReader = await lab.sh(
    'h1',
    `${reader}\ncd ${folder}; n=0; while [ -e $n ]; do environment_variables $n; echo @end; n=$((n + 1)); done`,
  );
  // The dash: as Pacemaker's units have it, so that a file that systemd does not take is ignored.
  const bySystemd = await lab.sh(
    'h1',
    `cd ${folder} && ls | xargs -P 8 -I {} sh -c 'systemd-run --quiet --wait --pipe --collect -p EnvironmentFile=-${folder}/{} env -0 >/root/{}.env </dev/null' && n=0 && while [ -e $n ]; do base64 -w 0 /root/$n.env; echo; n=$((n + 1)); done`,
  );
  const reported = byReader
    .split('@end\n')
    .map((lines) => readEnvironment(lines.split('\n')).environment);
  for (const [index, line] of bySystemd.trimEnd().split('\n').entries()) {
    const pairs = Buffer.from(line, 'base64').toString('utf8').split('\0');
    const seen = pairs
      .filter((pair) => /^PCMK_[A-Za-z0-9_]+=/.test(pair))
      .map(
        (pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const,
      );
    assert.deepEqual(
      reported[index],
      Object.fromEntries(seen),
      JSON.stringify(files[index]?.toString()),
    );
  }
  assert.equal(reported.length - 1, files.length);
}
