import { counted } from '../../report/text/layout.ts';
import { eventLine } from '../../report/run/run-text.ts';
import type { RunEvent } from '../../model/run-event.ts';
import type { Progress } from './progress-types.ts';

/** A wait that may take longer than this is told, or a log looks as if the run hung. */
const LONG_WAIT_SECONDS = 30;

/** Progress for logs and cron: a line for each play, each long wait and each failure, at once; nothing that moves. */
export function plainProgress(stream: NodeJS.WritableStream): Progress {
  let isReading = false;
  let isStopped = false;
  const print = (line: string): void => {
    if (!isStopped) stream.write(`${line}\n`);
  };
  return {
    event: (event) => {
      if (isReported(event)) print(eventLine(event));
    },
    gather: (done, total, unreachable = 0) => {
      if (!isReading) print(`reading the state of ${counted(total, 'host')}`);
      isReading = true;
      if (done === total && unreachable > 0)
        print(
          `${total - unreachable} of ${counted(total, 'host')} read, ${unreachable} unreachable`,
        );
    },
    stop: () => {
      isStopped = true;
      return Promise.resolve();
    },
  };
}

const isReported = (event: RunEvent): boolean =>
  event.type === 'play-started' ||
  event.type === 'notice' ||
  event.type === 'query-node-changed' ||
  (event.type === 'waiting' && event.limitSeconds > LONG_WAIT_SECONDS) ||
  (event.type === 'verdict' && event.verdict.kind === 'failed');
