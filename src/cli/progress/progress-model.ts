import { foldNames } from '../../support/text/fold-names.ts';
import type { RunEvent } from '../../model/run-event.ts';
import { durationText, queryNodeText } from '../../report/run/run-text.ts';
import { printable } from '../../support/text/printable.ts';

/** How long a step may take before its host is named as a slow one. */
const SLOW_AFTER_SECONDS = 5;
const SLOW_HOSTS_SHOWN = 3;

/** A step that is under way. */
interface OpenStep {
  readonly host: string;
  readonly item: string;
  readonly since: number;
}

/** How far one phase (a play) has come, over all of its batches. */
class Phase {
  readonly name: string;
  readonly hosts = new Set<string>();
  readonly settled = new Set<string>();
  readonly failed = new Set<string>();
  /** The last batch has begun. */
  isLastBatch = false;
  isOver = false;

  constructor(name: string) {
    this.name = name;
  }

  get hasBegun(): boolean {
    return this.hosts.size > 0 || this.isLastBatch;
  }
}

export type PhaseState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';

/** What is known of a run at one moment, from its events; how it is shown is another matter. */
export class ProgressModel {
  readonly #phases: readonly Phase[];
  readonly #open = new Map<string, OpenStep>();
  readonly #failed = new Set<string>();
  #message = '';

  constructor(plays: readonly string[]) {
    this.#phases = plays.map((name) => new Phase(name));
  }

  /** Takes in an event; `now` is the time in seconds. */
  take(event: RunEvent, now: number): void {
    const phase = this.#phases.find(({ name }) => name === event.play);
    switch (event.type) {
      case 'play-started':
        this.#begin(phase, event);
        break;
      case 'action':
        phase?.settled.delete(event.host);
        this.#open.set(event.host, { host: event.host, item: event.item, since: now });
        break;
      case 'verdict':
        phase?.settled.add(event.host);
        this.#open.delete(event.host);
        if (event.verdict.kind !== 'failed') break;
        phase?.failed.add(event.host);
        this.#failed.add(event.host);
        break;
      case 'waiting':
      case 'notice':
        this.#message = event.message;
        break;
      case 'query-node-changed':
        this.#message = queryNodeText(event);
        break;
      case 'cib-written':
        break;
    }
  }

  #begin(
    phase: Phase | undefined,
    { hosts, batch }: Extract<RunEvent, { type: 'play-started' }>,
  ): void {
    if (phase === undefined) return;
    for (const host of hosts) phase.hosts.add(host);
    phase.isLastBatch = isLast(batch);
    this.#message = '';
    const index = this.#phases.indexOf(phase);
    for (const earlier of this.#phases.slice(0, index)) {
      if (earlier.isLastBatch || (!earlier.hasBegun && phase.isLastBatch)) earlier.isOver = true;
    }
  }

  /** Nothing more will come. */
  end(): void {
    for (const phase of this.#phases) phase.isOver = true;
    this.#open.clear();
  }

  isOver(index: number): boolean {
    return this.#phases[index]?.isOver ?? true;
  }

  stateOf(index: number): PhaseState {
    const phase = this.#phases[index];
    if (phase?.hasBegun !== true) return phase?.isOver === true ? 'skipped' : 'waiting';
    if (!phase.isOver) return 'running';
    return phase.failed.size > 0 ? 'failed' : 'done';
  }

  /** `Prepare the hosts  120/480, 2 failed` */
  textOf(index: number): string {
    const phase = this.#phases[index];
    if (phase === undefined) return '';
    const counter = phase.hasBegun ? `  ${phase.settled.size}/${phase.hosts.size}` : '';
    const failed = phase.failed.size > 0 ? `, ${phase.failed.size} failed` : '';
    return `${printable(phase.name)}${counter}${failed}`;
  }

  /** The lines below the phases, always as many: what is waited for, who is slow, who has failed. */
  footer(now: number): readonly [message: string, slow: string, failed: string] {
    const slow = [...this.#open.values()]
      .filter(({ since }) => now - since >= SLOW_AFTER_SECONDS)
      .sort((a, b) => a.since - b.since)
      .slice(0, SLOW_HOSTS_SHOWN)
      .map(({ host, item, since }) => `${printable(host)} ${item} ${durationText(now - since)}`);
    return [
      printable(this.#message),
      slow.length === 0 ? '' : `slow: ${slow.join(', ')}`,
      this.#failed.size === 0 ? '' : `failed: ${foldNames(this.#failed)}`,
    ];
  }
}

/** Whether a batch (`2 of 3`; empty: there is but one) is the last one. */
function isLast(batch: string): boolean {
  const [, number, total] = /^(\d+) of (\d+)$/.exec(batch) ?? [];
  return number === total;
}
