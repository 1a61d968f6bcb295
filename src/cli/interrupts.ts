import { OutriggerError } from '../support/errors.ts';

/** What ends a process; tests stand in for it. */
export interface InterruptOptions {
  /** Whether the command changes something, so that it must not be cut off in the middle of a step. */
  readonly isChanging: boolean;
  /** Tells the operator, on stderr. */
  readonly tell: (text: string) => void;
  /** Leaves at once. */
  readonly leave: (how: 'interrupted' | 'quietly' | 'failed') => void;
}

/** Ends a command early, and gently: what is under way is finished, nothing new is begun. */
export class Interrupts {
  readonly #abort = new AbortController();
  readonly #options: InterruptOptions;
  #hasBeenAsked = false;

  constructor(options: InterruptOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Once: finish what is under way. Twice: leave at once; the next apply finishes the job. A lost terminal (SIGHUP,
   * which the kernel and the shell may both send) never counts as the second time.
   */
  onSignal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
    if (name !== 'SIGHUP' && this.#hasBeenAsked) {
      this.#options.leave('interrupted');
      return;
    }
    if (name !== 'SIGHUP') this.#hasBeenAsked = true;
    this.#stop(`\n${name}: finishing what is under way; once more to leave at once\n`);
  }

  /** Nobody reads any more (`outrigger plan | head`): no error for a command that only reads. */
  onLostStream(which: 'stdout' | 'stderr', error: NodeJS.ErrnoException): void {
    if (this.#options.isChanging) {
      this.#stop(`\n${which} is closed: finishing what is under way\n`);
    } else if (which === 'stdout') {
      this.#options.leave(error.code === 'EPIPE' ? 'quietly' : 'failed');
    }
  }

  #stop(message: string): void {
    this.#options.tell(message);
    if (!this.signal.aborted) this.#abort.abort(new OutriggerError('INTERRUPTED', 'interrupted'));
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
