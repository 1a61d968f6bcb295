import type { Verdict } from '../../model/run-event.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { Check } from '../../playbook/playbook.ts';
import type { EditContext, PlayName } from './edit-context.ts';
import type { RunProgress } from './run-progress.ts';

/** What it takes to give a verdict. */
export type VerdictContext = Pick<EditContext, 'emit'> & Pick<RunProgress, 'failed'>;

/** Records what became of a step; a failed host is left out from here on. */
export function conclude(
  { failed, emit }: VerdictContext,
  play: PlayName,
  step: { readonly host: string; readonly item: ItemKind | Check },
  verdict: Verdict,
): void {
  if (verdict.kind === 'failed' && !failed.has(step.host)) failed.set(step.host, verdict.because);
  emit({ type: 'verdict', play: play.name, ...step, verdict });
}
