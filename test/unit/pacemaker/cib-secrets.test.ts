import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { withoutSecrets } from '../../../src/pacemaker/cib/secrets.ts';
import { escaped } from '../../../src/pacemaker/basics/xml.ts';

/** Parameters of fence agents and of others (fence-agents, resource-agents) that hold secrets. */
const NAMES = [
  'passwd',
  'password',
  'snmp_priv_passwd',
  'identity_file_passphrase',
  'ipmi_password',
  'secret_key',
  'secret',
  'token',
  'api_key',
  'apikey_token',
  'client_secret',
  'key',
  'community',
  'credentials',
  'private_key',
  'PASSWORD',
  'db_pass',
];
const SECRETS = ['hunter2', `q"u<o>t&e's\\`, 'ünïcödé', '$(id)', 'c2VjcmV0c2VjcmV0'];

const pair = (id: string, name: string, secret: string): string =>
  `<nvpair id="${id}" name="${name}" value="${escaped(secret)}"/>`;

/** A secret in each place of a CIB where parameters stand. */
const PLACES: Readonly<Record<string, (pair: string) => string>> = {
  'a resource': (of) =>
    `<resources><primitive id="p" class="ocf" provider="heartbeat" type="db"><instance_attributes id="i">${of}</instance_attributes></primitive></resources>`,
  'a fence device': (of) =>
    `<resources><primitive id="p" class="stonith" type="fence_x"><instance_attributes id="i">${of}</instance_attributes></primitive></resources>`,
  'a member of a clone': (of) =>
    `<resources><clone id="c"><primitive id="p" class="stonith" type="fence_x"><instance_attributes id="i">${of}</instance_attributes></primitive></clone></resources>`,
  'a template': (of) =>
    `<resources><template id="t" class="stonith" type="fence_x"><instance_attributes id="i">${of}</instance_attributes></template></resources>`,
  'an operation': (of) =>
    `<resources><primitive id="p" class="ocf" provider="heartbeat" type="db"><operations><op id="o" name="monitor" interval="9"><instance_attributes id="i">${of}</instance_attributes></op></operations></primitive></resources>`,
  'an alert': (of) =>
    `<alerts><alert id="a" path="/x"><instance_attributes id="i">${of}</instance_attributes></alert></alerts>`,
  'a node': (of) =>
    `<nodes><node id="1" uname="c1"><instance_attributes id="i">${of}</instance_attributes></node></nodes>`,
};

describe('what a tool of Pacemaker quotes from a CIB', () => {
  for (const [place, around] of Object.entries(PLACES)) {
    it(`is told without the secrets of ${place}`, () => {
      for (const name of NAMES) {
        for (const secret of SECRETS) {
          const text = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/>${around(pair('s', name, secret))}</configuration><status/></cib>`;
          const said = `cannot use ${secret} of ${text}`;
          const reported = withoutSecrets(said, readCib(text));
          assert.ok(!reported.includes(secret), `${name}: ${reported}`);
          assert.ok(!reported.includes(escaped(secret)), `${name}: ${reported}`);
          assert.match(reported, /cannot use «secret» of <cib .*«secret»/);
        }
      }
    });
  }
});
