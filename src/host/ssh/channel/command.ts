import type { ClientChannel } from 'ssh2';
import { messageOf, OutriggerError } from '../../../support/errors.ts';
import { commandFailed, type Peer } from '../route/failures.ts';
import { bounded, type Link } from '../link/link.ts';
import { collectOutput } from './output.ts';

/** More than most scripts print; a host that sends more is broken or hostile, and shall not eat our memory. */
const USUAL_OUTPUT_MIB = 1;

const LOSS_KNOWN_MS = 50;

export interface Command {
  readonly line: string;
  readonly stdin: Uint8Array;
  readonly timeoutMs: number;
  readonly maxOutputMiB?: number;
  /** What has to be said on stderr and stdin before stdin is sent. */
  readonly greeting?: Greeting | undefined;
  /** Where what is said on stdin last depends on what the command prints. */
  readonly question?: Question | undefined;
}

/** What a command asks on stdout, and what it gets on stdin for an answer; then stdin ends. */
export interface Question {
  /** Takes the next piece of stdout; gives what is asked as soon as that is known. */
  hear(text: string): string | undefined;
  /** A rejection ends the command. */
  answer(prompt: string): Promise<Uint8Array>;
}

/** A conversation that comes before a command reads its stdin. */
export interface Greeting {
  /** Takes the next piece of stderr, and may answer it. A rejection ends the command. */
  hear(text: string, write: (bytes: Uint8Array) => void): Promise<'through' | 'waiting'>;
  /** The command is over. */
  ended(): void;
}

/** A command that has ended by itself. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in a channel of its own. Whatever goes wrong, the channel is closed. */
export async function runCommand(link: Link, command: Command): Promise<Finished> {
  const bound = { what: 'the command', timeoutMs: command.timeoutMs };
  let channel: ClientChannel | undefined;
  let givenUp = false;
  const running = new Promise<Finished>((resolve, reject) => {
    // Listened to at once: a command that ends quickly sends its exit status together with the channel's opening.
    const onOpen = (opened: ClientChannel): void => {
      channel = opened;
      // Without its stdin a script does not start: one that comes too late does nothing.
      if (givenUp) opened.close();
      else collect(link, opened, command).then(resolve, reject);
    };
    link.channels
      .open(() => openChannel(link, command.line, onOpen))
      .catch((cause: unknown) => {
        reject(refused(link, cause));
      });
  });
  try {
    return await bounded(link, bound, running);
  } catch (error) {
    givenUp = true;
    channel?.close();
    throw error;
  }
}

const refused = ({ peer, ended }: Link, cause: unknown): Error =>
  ended.aborted
    ? (ended.reason as Error)
    : commandFailed(peer, `the host cannot run commands: ${messageOf(cause)}`);

/** Rejects with ssh2's own error, also where ssh2 throws at once (on a dead connection). */
const openChannel = (
  { client, channels }: Link,
  line: string,
  onOpen: (channel: ClientChannel) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      channel.once('close', () => {
        channels.release();
      });
      onOpen(channel);
      resolve();
    });
  });

function collect(
  link: Link,
  channel: ClientChannel,
  { stdin, maxOutputMiB = USUAL_OUTPUT_MIB, greeting, question }: Command,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const output = { stdout: collectOutput(), stderr: collectOutput() };
    let room = maxOutputMiB * 1024 * 1024;
    const keep = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      room -= chunk.length;
      if (room >= 0) output[stream].add(chunk);
      else reject(tooMuch(link.peer, maxOutputMiB));
    };
    let exit: Exit | undefined;
    channel.on('exit', (...status: Exit) => {
      exit = status;
    });
    channel.on('data', keep('stdout'));
    channel.stderr.on('data', keep('stderr'));
    // A command that does not read its stdin is no failure; a lost connection is reported by `bounded`.
    channel.on('error', () => undefined);
    channel.on('close', () => {
      const [code, signal] = exit ?? [null];
      // That the connection is lost becomes known a moment later, and is the better answer.
      if (code === null) {
        setTimeout(() => {
          reject(withoutStatus(link, signal));
        }, LOSS_KNOWN_MS);
      } else resolve({ code, stdout: output.stdout.text(), stderr: output.stderr.text() });
    });
    if (question !== undefined) answerOnce(channel, question).catch(reject);
    const send = (): void => {
      if (question === undefined) channel.end(bufferOf(stdin));
      else channel.write(bufferOf(stdin));
    };
    if (greeting === undefined) send();
    else greet(channel, greeting).then(send, reject);
  });
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Answers the first question. A command that ends without one is told by its exit status. */
async function answerOnce(channel: ClientChannel, question: Question): Promise<void> {
  const prompt = await new Promise<string>((resolve) => {
    const listen = (chunk: Buffer): void => {
      const state = question.hear(chunk.toString('latin1'));
      if (state === undefined) return;
      channel.off('data', listen);
      resolve(state);
    };
    channel.on('data', listen);
  });
  const last = await question.answer(prompt);
  if (channel.writable) channel.end(bufferOf(last));
}

/** Resolves when the greeting is over; what ends the command before that is told by the command itself. */
function greet(channel: ClientChannel, greeting: Greeting): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const hear = (chunk: Buffer): void => {
      if (isOver) return;
      greeting
        .hear(chunk.toString('latin1'), (bytes) => {
          if (channel.writable) channel.write(bytes);
        })
        .then((state) => {
          if (state === 'waiting') return;
          isOver = true;
          resolve();
        }, reject);
    };
    channel.stderr.on('data', hear);
    channel.on('close', () => {
      greeting.ended();
    });
  });
}

type Exit = [code: number] | [code: null, signal: string, ...unknown[]];

const withoutStatus = ({ peer, ended }: Link, signal: string | undefined): Error => {
  if (ended.aborted) return ended.reason as Error;
  return commandFailed(
    peer,
    signal === undefined
      ? 'the command ended without an exit status'
      : `the command was killed by the signal ${signal}`,
  );
};

const tooMuch = ({ name }: Peer, limitMiB: number): OutriggerError =>
  new OutriggerError('REPLY_INVALID', `a command printed more than ${limitMiB} MiB`, {
    host: name,
    hint: 'the command prints endless output: check the profile files of the login shell',
  });
