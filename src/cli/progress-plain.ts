import { eventLine } from '../report/run-text.ts';
import type { RunEvent } from '../plan/run-event.ts';
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
      if (isTold(event)) print(eventLine(event));
    },
    gather: (_done, total) => {
      if (!isReading) print(`reading the state of ${total} host${total === 1 ? '' : 's'}`);
      isReading = true;
    },
    stop: () => {
      isStopped = true;
      return Promise.resolve();
    },
  };
}

const isTold = (event: RunEvent): boolean =>
  event.type === 'play-started' ||
  event.type === 'notice' ||
  (event.type === 'waiting' && event.limitSeconds > LONG_WAIT_SECONDS) ||
  (event.type === 'verdict' && event.verdict.kind === 'failed');
