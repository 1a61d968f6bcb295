import { plainStyle } from '../../report/text/style.ts';
import { plainProgress } from './progress-plain.ts';
import type { Progress, ProgressOptions } from './progress-types.ts';

/** A moving picture on a terminal, plain lines elsewhere. */
export async function startProgress(options: ProgressOptions): Promise<Progress> {
  if (!options.isTerminal) return plainProgress(options.stream);
  const { terminalProgress } = await import('./progress-listr.ts');
  return terminalProgress({ ...options, style: options.style ?? plainStyle });
}
