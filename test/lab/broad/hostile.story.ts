/** Whatever text an inventory may hold arrives as it is: in the CIB, in file names, at sudo; and no shell reads it. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseXml } from '../../../src/pacemaker/basics/xml.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, assertInSync, assertQuiet, isStarted, writeInventory } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';

const NAME = 'story-hostile';
/** What everything here that looks like a command would make, wherever it ran. */
const CANARY = '/run/outrigger-canary';

/** Texts that a shell, XML, XPath, printf, YAML or a table would take for something else. */
const NASTY = [
  `$(touch ${CANARY})`,
  `\`touch ${CANARY}\``,
  `'; touch ${CANARY}; '`,
  `"; touch ${CANARY}; "`,
  `a|b & touch ${CANARY} > c < d`,
  '</nvpair><nvpair id="x" name="standby" value="on"/><!-- ]]> -->&amp;&lt;&#10;&e;',
  `'] | //nvpair[@name="password`,
  '-oProxyCommand=touch',
  '--force',
  String.raw`quotes " ' and \ backslashes \n \0 %s %n ${'${HOME}'} $IFS ~ * ?`,
  '  blanks before, between   and after  ',
  '',
  'true',
  '0x10',
  '🦑 Zürich ǅ 中文 a\u0301\u0301',
  '__proto__',
  'a'.repeat(2000),
];

/** A device's name for a node: all but what separates names in a pcmk_host_map. */
const PLUG = `$(touch\${IFS}${CANARY})'"<&>\``;
/** A name that only /etc/passwd knows how to read. */
const USER = 'odd.user@lab-$';
// Secrets share no words with what may be shown.
const PASSWORD = `$(:>${CANARY}.p) '"\\; <é> && :>${CANARY}.p #`;
/** A folder beside the inventory. */
const FOLDER = `-$(touch outrigger-canary) 'q' "q" \\ ü; & 🦑`;
const AUTHKEY = Buffer.from(`$(:>${CANARY}.k)\n\0\xff'"<key/>\r\n`.repeat(8), 'latin1');

/** A user and a password that no `useradd` takes. */
const ODD_USER = `IFS= read -r user; IFS= read -r password
hash=$(printf '%s' "$password" | openssl passwd -6 -stdin)
printf '%s:x:2001:2001::/home/odd:/bin/bash\\n' "$user" >>/etc/passwd
printf '%s:%s:19000:0:99999:7:::\\n' "$user" "$hash" >>/etc/shadow
printf 'odd:x:2001:\\n' >>/etc/group
mkdir -p /home/odd/.ssh && cat >/home/odd/.ssh/authorized_keys
chmod -R go= /home/odd && chown -R 2001:2001 /home/odd
printf '#2001 ALL=(ALL:ALL) ALL\\n' >/etc/sudoers.d/odd && chmod 0440 /etc/sudoers.d/odd`;

const entries = NASTY.map((text, index): [string, string] => [`text-${index}`, text]);

/** The values of a block of the CIB, by name. */
async function valuesIn(lab: Lab, xpath: string): Promise<Record<string, string | undefined>> {
  const text = await lab.sh('c1', 'cibadmin --query --xpath "$(cat)"', { stdin: xpath });
  const block = parseXml(text, xpath);
  return Object.fromEntries(
    block.children.map(({ attributes }) => [attributes['name'] ?? '', attributes['value']]),
  );
}

/** An inventory whose every free text is hostile, the names of the files that it needs included. */
function hostileInventory(lab: Lab): string {
  const texts = Object.fromEntries(entries);
  const path = writeInventory(lab, {
    authkey: join(FOLDER, 'authkey'),
    groups: { 'touch-.canary_': { attributes: texts, meta: texts } },
    remoteNodes: [
      {
        name: 'odd.1_-',
        host: 'h1',
        group: 'touch-.canary_',
        fencing: { device: 'fencing', plug: PLUG },
        connection: {
          user: USER,
          become: 'sudo',
          becomePassword: { file: join(FOLDER, 'password') },
        },
      },
    ],
  });
  const folder = join(dirname(path), FOLDER);
  mkdirSync(folder);
  const secret = { mode: 0o600 };
  writeFileSync(join(folder, 'password'), `${PASSWORD}\n`, secret);
  writeFileSync(join(folder, 'authkey'), AUTHKEY, secret);
  writeFileSync(join(folder, 'config'), '# nothing\n');
  for (const name of ['id_ed25519', 'known_hosts']) {
    copyFileSync(join(lab.sshDir, name), join(folder, name));
  }
  const connection = {
    identityFile: join(FOLDER, 'id_ed25519'),
    knownHostsFile: join(FOLDER, 'known_hosts'),
    sshConfig: join(FOLDER, 'config'),
    connectTimeout: '5s',
  };
  const written = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...written, connection }, undefined, 2));
  return path;
}

describe('hostile text in an inventory', function () {
  let lab: Lab;
  let inventory: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 1, firewalld: 0 });
    await lab.sh('h1', ODD_USER, {
      stdin: `${USER}\n${PASSWORD}\n${readFileSync(join(lab.sshDir, 'id_ed25519.pub'), 'utf8')}`,
    });
    inventory = hostileInventory(lab);
  });

  after(async () => {
    await labDown(NAME);
  });

  it('arrives byte for byte, runs nowhere, and is in sync', async () => {
    const { lines } = await applied(lab, 0, ['-i', inventory]);
    assert.equal(await isStarted(lab, 'odd.1_-'), true);
    const node = await valuesIn(lab, `//node[@uname='odd.1_-']/instance_attributes`);
    assert.deepEqual(node, Object.fromEntries(entries));
    const resource = `//primitive[@id='odd.1_-']`;
    assert.deepEqual(
      await valuesIn(lab, `${resource}/meta_attributes`),
      Object.fromEntries(entries),
    );
    const device = await valuesIn(lab, `//primitive[@id='fencing']/instance_attributes`);
    assert.ok(device['pcmk_host_map']?.endsWith(`;odd.1_-:${PLUG}`), device['pcmk_host_map']);
    for (const { name } of lab.hosts) {
      const key = await lab.sh(name, 'base64 --wrap=0 /etc/pacemaker/authkey');
      assert.equal(key, AUTHKEY.toString('base64'), name);
    }
    for (const shown of lines.map((line) => JSON.stringify(line))) {
      assert.ok(!shown.includes(JSON.stringify(PASSWORD).slice(1, -1)), shown);
    }
    await assertInSync(lab, inventory);
  });

  it('changes and goes back byte for byte, with the daemon undisturbed', async () => {
    const startTime = (): Promise<string> =>
      lab.sh('h1', 'systemctl show pacemaker_remote --property=ExecMainStartTimestampMonotonic');
    const before = await startTime();
    const text = readFileSync(inventory, 'utf8');
    const other = JSON.parse(text) as { groups: Record<string, { attributes: object }> };
    const group = Object.values(other.groups)[0] ?? assert.fail('no group');
    // Each name gets the text of the one before it.
    group.attributes = Object.fromEntries(
      entries.map(([name], index) => [name, NASTY.at(index - 1)]),
    );
    writeFileSync(inventory, JSON.stringify(other));
    await applied(lab, 0, ['-i', inventory]);
    const node = await valuesIn(lab, `//node[@uname='odd.1_-']/instance_attributes`);
    assert.deepEqual(node, group.attributes);
    writeFileSync(inventory, text);
    await applied(lab, 0, ['-i', inventory]);
    await assertInSync(lab, inventory);
    assert.equal(await startTime(), before);
    assert.deepEqual(
      [CANARY, 'outrigger-canary', join(dirname(inventory), 'outrigger-canary')].filter(existsSync),
      [],
    );
    for (const { name } of lab.hosts) {
      assert.equal(
        await lab.sh(name, `ls -d ${CANARY}* /root/*canary* / 2>/dev/null || true`),
        '/\n',
      );
    }
    await assertQuiet(lab);
  });
});
