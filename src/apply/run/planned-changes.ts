import type { Change } from '../../model/plan.ts';
import type { Play } from '../../playbook/playbook.ts';
import type { RunInput } from './run-input.ts';

/** What the plan shows in a play. */
export const changesOf = (
  { plan, playbook }: Pick<RunInput, 'plan' | 'playbook'>,
  play: Play,
): readonly Change[] => plan.plays[playbook.plays.indexOf(play)]?.changes ?? [];
