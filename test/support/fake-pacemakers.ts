import { startWithCertificates, type FakeState } from './fake-certificates.ts';
import type { Answer } from './fake-host.ts';

/** Pacemaker on cluster nodes: it comes back from a restart, unless it is said not to start with certificates. */
export class FakePacemakers {
  /** Where it does not start with certificates, until it was started without. */
  readonly rejecting = new Map<string, 'running' | 'stopped'>();

  /** Cluster nodes on which it does not run. */
  get offline(): readonly string[] {
    return [...this.rejecting].filter(([, state]) => state === 'stopped').map(([name]) => name);
  }

  restart(name: string, state: FakeState): Answer {
    const hasCertificates = state.sections.get('environment')?.includes('_file=') === true;
    if (this.rejecting.has(name) && hasCertificates) {
      state.sections.set('daemon', 'stopped\n');
      this.rejecting.set(name, 'stopped');
      return { code: 1, stderr: 'pacemaker.service does not start\n' };
    }
    this.rejecting.delete(name);
    startWithCertificates(state);
    return '';
  }
}
