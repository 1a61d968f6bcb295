/** CONTRIBUTING.md says which tests lie where; those of these folders run after each edit. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const QUICK = ['test/unit', 'test/items', 'test/golden', 'test/flows'];

const STARTS =
  /support\/(compiled|sshd|host-script)\.ts'|\bprocess\.execPath\b|\b(spawn|exec)\w*\(\s*'(\/bin\/)?(sh|bash|dash|node)'/;

describe('the quick tests', () => {
  it('start no process of ours, no shell and no server', () => {
    const files = QUICK.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    ).filter((file) => file.endsWith('.test.ts'));
    assert.ok(files.length > 100, String(files.length));
    const starting = files.filter((file) => STARTS.test(readFileSync(file, 'utf8')));
    assert.deepEqual(starting, [], 'these belong in test/programs');
  });
});
