/** A process that handles signals as the command does, and then computes for ever. */
import { Interrupts, listenForSignals } from '../../src/cli/process/interrupts.ts';
import { watchSecondSignal } from '../../src/cli/process/second-signal.ts';

const interrupts = new Interrupts({
  isChanging: true,
  report: () => undefined,
  leave: () => process.exit(),
});
listenForSignals(interrupts);
// Nothing else keeps it until then.
process.stdin.resume();
watchSecondSignal(interrupts.asked, () => {
  process.stdout.write('busy\n', () => {
    for (;;);
  });
});
