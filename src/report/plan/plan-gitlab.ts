import type { Plan } from '../../model/plan.ts';
import { countActions } from './plan-counts.ts';

/** What GitLab shows of a plan in a merge request (`artifacts:reports:terraform`). */
export function planAsGitlab(plan: Plan): string {
  const { create, update, remove } = countActions(plan);
  return `${JSON.stringify({ create, update, delete: remove })}\n`;
}
