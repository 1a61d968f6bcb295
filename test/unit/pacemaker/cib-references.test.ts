import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';

const many = (count: number, one: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => one(index)).join('');

const cibWith = (resources: string): string =>
  `<cib admin_epoch="0" epoch="1" num_updates="1"><configuration><crm_config/><nodes/><resources>${resources}</resources><constraints/></configuration><status/></cib>`;

const REMOTE = 'class="ocf" provider="pacemaker" type="remote"';

const settingsOf = (count: number): string =>
  `<instance_attributes id="shared">${many(count, (index) => `<nvpair id="n${String(index)}" name="k${String(index)}" value="v"/>`)}</instance_attributes>`;

const SHAPES = {
  template: (settings: number, nodes: number) =>
    `<template id="t" ${REMOTE}>${settingsOf(settings)}</template>` +
    many(nodes, (index) => `<primitive id="r${String(index)}" template="t"/>`),
  'id-ref': (settings: number, nodes: number) =>
    `<primitive id="first" ${REMOTE}>${settingsOf(settings)}</primitive>` +
    many(
      nodes,
      (index) =>
        `<primitive id="r${String(index)}" ${REMOTE}><instance_attributes id-ref="shared"/></primitive>`,
    ),
  'id-ref in a template': (settings: number, nodes: number) =>
    `<primitive id="first" ${REMOTE}>${settingsOf(settings)}</primitive>` +
    `<template id="t" ${REMOTE}><instance_attributes id-ref="shared"/></template>` +
    many(nodes, (index) => `<primitive id="r${String(index)}" template="t"/>`),
};

describe('references within a CIB', () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    it(`are followed for thousands of nodes: ${name}`, () => {
      const { remoteConnections } = readCib(cibWith(shape(30, 2000)));
      assert.ok(remoteConnections.size >= 2000);
    });

    it(`are refused where a small CIB becomes a large one by them: ${name}`, () => {
      assert.throws(() => readCib(cibWith(shape(8000, 8000))), {
        code: 'REPLY_INVALID',
        message: /refers to more than 1000000 elements/,
      });
    });
  }
});
