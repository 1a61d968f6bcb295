import { OutriggerError } from '../../support/errors.ts';

/** What ends a process; tests stand in for it. */
export interface InterruptOptions {
  /** Whether the command changes something, so that it must not be cut off in the middle of a step. */
  readonly isChanging: boolean;
  /** Tells the operator, on stderr. */
  readonly report: (text: string) => void;
  /** Leaves at once. */
  readonly leave: (how: 'interrupted' | 'quietly' | 'failed') => void;
}

/** Ends a command early, and gently: what is under way is finished, nothing new is begun. */
export class Interrupts {
  readonly #abort = new AbortController();
  readonly #options: InterruptOptions;
  #asked = 0;

  constructor(options: InterruptOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** How often somebody has asked for the end. */
  get asked(): number {
    return this.#asked;
  }

  /**
   * Once: finish what is under way. Twice: leave at once; the next apply finishes the job. A lost terminal (SIGHUP,
   * which the kernel and the shell may both send) never counts as the second time.
   */
  onSignal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
    if (name !== 'SIGHUP') this.#asked += 1;
    if (name !== 'SIGHUP' && this.#asked > 1) {
      this.#options.leave('interrupted');
      return;
    }
    this.#stop(`\n${name}: finishing the current steps; press Ctrl-C again to exit immediately\n`);
  }

  /** Nobody reads any more (`outrigger plan | head`): no error for a command that only reads. */
  onLostStream(which: 'stdout' | 'stderr', error: NodeJS.ErrnoException): void {
    if (this.#options.isChanging) {
      this.#stop(`\n${which} is closed: finishing the current steps\n`);
    } else if (which === 'stdout') {
      this.#options.leave(error.code === 'EPIPE' ? 'quietly' : 'failed');
    }
  }

  #stop(message: string): void {
    this.#options.report(message);
    if (!this.signal.aborted) this.#abort.abort(new OutriggerError('INTERRUPTED', 'interrupted'));
  }
}

/** Hears the signals that ask this process to end. */
export function listenForSignals(interrupts: Interrupts): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupts.onSignal(signal);
    });
  }
}

/** Writes to a stream until it fails, and never after; `onLost` hears of the first failure. */
export function writerTo(
  stream: NodeJS.WritableStream,
  onLost: (error: NodeJS.ErrnoException) => void,
): (text: string) => void {
  let isLost = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (isLost) return;
    isLost = true;
    onLost(error);
  });
  return (text) => {
    if (!isLost) stream.write(text);
  };
}
