import type { CrmMon, Failure } from './crm-mon.ts';

/** `RESOURCE_TASK_INTERVAL` (Pacemaker lib/common/actions.c, pcmk__op_key), where the task is not reported on its own. */
const OPERATION_KEY =
  /^(.*)_(?:start|stop|monitor|promote|demote|migrate_to|migrate_from|notify|reload|reload-agent)_\d+$/;

/** The resource whose operation failed: `r1_db` is another one than `r1`. */
export function failedResource({ operationKey, task }: Failure): string {
  const end = task === '' ? -1 : operationKey.lastIndexOf(`_${task}_`);
  if (end > 0) return operationKey.slice(0, end);
  return OPERATION_KEY.exec(operationKey)?.[1] ?? operationKey;
}

/** The failures of exactly these resources. */
export const failuresOf = (
  { failures }: Pick<CrmMon, 'failures'>,
  names: readonly string[],
): readonly Failure[] => failures.filter((failure) => names.includes(failedResource(failure)));

/** What failed, each once: `start on c1: Key was rejected by service`. */
export function failureTexts(failures: readonly Failure[]): readonly string[] {
  const texts = failures.map(
    ({ task, node, exitReason, exitStatus }) => `${task} on ${node}: ${exitReason || exitStatus}`,
  );
  return [...new Set(texts)].sort();
}
