import assert from 'node:assert/strict';
import { readEnvironment } from '../../../src/probe/readers/read-environment.ts';

describe('the variables that a host told', () => {
  it('say which of several files set them', () => {
    const { environment, environmentElsewhere } = readEnvironment([
      'file=/etc/default/pacemaker',
      'PCMK_remote_port=3121',
      'PCMK_debug=no',
      'from=/etc/default/sbd',
      'PCMK_remote_port=3122',
    ]);
    assert.equal(environment['PCMK_remote_port'], '3122');
    assert.deepEqual(environmentElsewhere, {
      PCMK_remote_port: ['/etc/default/pacemaker', '/etc/default/sbd'],
    });
  });
});
