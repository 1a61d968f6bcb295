import { figures, Listr, Spinner, type ListrTaskObject } from 'listr2';
import { counted } from '../../report/text/layout.ts';
import type { Paint, Style } from '../../report/text/style.ts';
import { ProgressModel, type PhaseState } from './progress-model.ts';
import type { Progress, ProgressOptions } from './progress-types.ts';

/** Ten pictures a second, however many events arrive. */
const FRAME_MS = 100;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** One line of the picture, before it is cut to the width of the terminal. */
interface Line {
  readonly text: string;
  readonly paint: Paint;
}

type FleetOptions = {
  readonly stream: ProgressOptions['stream'];
  /** The lines of a frame; the last frame has no footer. */
  readonly draw: (mark: string, isLast: boolean) => readonly Line[];
};

type FleetTask = ListrTaskObject<unknown, typeof FleetRenderer>;

/**
 * Draws a fixed number of lines over themselves. listr2's own renderer draws the whole tree at each event, which takes
 * minutes for some hundred hosts, and measures stdout, while progress belongs to stderr.
 */
class FleetRenderer {
  static readonly nonTTY = true;
  declare static rendererOptions: FleetOptions;
  declare static rendererTaskOptions: Record<string, never>;
  readonly #options: FleetOptions;
  readonly #spinner = new Spinner();
  #drawn = 0;

  constructor(_tasks: FleetTask[], options: FleetOptions) {
    this.#options = options;
  }

  render(): void {
    this.#draw(false);
    this.#spinner.start(() => {
      this.#draw(false);
    }, FRAME_MS);
  }

  end(): void {
    this.#spinner.stop();
    this.#draw(true);
  }

  #draw(isLast: boolean): void {
    const { stream, draw } = this.#options;
    const columns = sizeOr(stream.columns, DEFAULT_COLUMNS);
    const rows = sizeOr(stream.rows, DEFAULT_ROWS);
    const lines = draw(this.#spinner.fetch(), isLast)
      .slice(-(rows - 1))
      .map(({ text, paint }) => `${text === '' ? '' : paint(cut(text, columns - 1))}\n`);
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    stream.write(`${up}\r\u001b[J${lines.join('')}`);
    this.#drawn = lines.length;
  }
}

/** A terminal that does not tell its size (in CI) says 0 or nothing. */
const sizeOr = (size: number | undefined, otherwise: number): number =>
  size === undefined || size < 2 ? otherwise : size;

function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/** Progress on a terminal: a line for each play with its counters, the slow and the failed hosts, never one per host. */
export function terminalProgress({
  plays,
  stream,
  style,
}: ProgressOptions & { readonly style: Style }): Progress {
  return new TerminalProgress(plays, stream, style);
}

class TerminalProgress implements Progress {
  readonly #model: ProgressModel;
  readonly #plays: readonly string[];
  readonly #style: Style;
  readonly #over: readonly PromiseWithEnd[];
  readonly #run: Promise<unknown>;
  #read = { done: 0, total: 0, unreachable: 0 };
  #isStopped = false;

  constructor(plays: readonly string[], stream: ProgressOptions['stream'], style: Style) {
    this.#plays = plays;
    this.#style = style;
    this.#model = new ProgressModel(plays);
    this.#over = Array.from({ length: plays.length + 1 }, () => promiseWithEnd());
    const titles = ['Read the state of the hosts', ...plays];
    const tasks = titles.map((title, index) => ({ title, task: () => this.#over[index]?.promise }));
    const list = new Listr<unknown, typeof FleetRenderer>(tasks, {
      concurrent: false,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: FleetRenderer,
      rendererOptions: { stream, draw: (mark, isLast) => this.#lines(mark, isLast) },
    });
    this.#run = list.run();
  }

  event(event: Parameters<Progress['event']>[0]): void {
    if (this.#isStopped) return;
    this.#model.take(event, performance.now() / 1000);
    if (event.type === 'play-started') this.#settle();
  }

  gather(done: number, total: number, unreachable = 0): void {
    if (this.#isStopped) return;
    this.#read = { done, total, unreachable };
    if (done >= total) this.#over[0]?.end();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#model.end();
    this.#settle();
    await this.#run;
  }

  /** Lets listr2 go on to the first phase that is not over. */
  #settle(): void {
    const [reading, ...phases] = this.#over;
    reading?.end();
    for (const [index, phase] of phases.entries()) if (this.#model.isOver(index)) phase.end();
  }

  #lines(spinner: string, isLast: boolean): readonly Line[] {
    const { faint, attention, bad } = this.#style;
    const phases = this.#plays.map((_, index) =>
      this.#line(this.#model.stateOf(index), this.#model.textOf(index), spinner),
    );
    const rows = [...this.#reading(spinner), ...phases];
    if (isLast || phases.length === 0) return rows;
    const [message, slow, failed] = this.#model.footer(performance.now() / 1000);
    return [
      ...rows,
      { text: message, paint: faint },
      { text: slow, paint: attention },
      { text: failed, paint: bad },
    ];
  }

  /** Shown from the first moment on, and not at all where nothing is read. */
  #reading(spinner: string): readonly Line[] {
    const { done, total, unreachable } = this.#read;
    if (total === 0) return [];
    const missing = unreachable === 0 ? '' : `, ${unreachable} unreachable`;
    const text = `reading the state of ${counted(total, 'host')}  ${done - unreachable}/${total}${missing}`;
    const unfinished = this.#isStopped ? 'skipped' : 'running';
    const finished = unreachable === 0 ? 'done' : 'failed';
    return [this.#line(done < total ? unfinished : finished, text, spinner)];
  }

  #line(state: PhaseState, text: string, spinner: string): Line {
    const { good, attention, bad, faint } = this.#style;
    const looks: Readonly<Record<PhaseState, readonly [mark: string, paint: Paint]>> = {
      waiting: [' ', faint],
      running: [spinner, attention],
      done: [figures.tick, good],
      failed: [figures.cross, bad],
      skipped: ['-', faint],
    };
    const [mark, paint] = looks[state];
    return { text: `${mark} ${text}`, paint };
  }
}

interface PromiseWithEnd {
  readonly promise: Promise<void>;
  readonly end: () => void;
}

function promiseWithEnd(): PromiseWithEnd {
  let end: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}
