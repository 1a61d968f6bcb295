import { fingerprint } from './fingerprint.ts';
import {
  newlyLeftOut,
  newRisks,
  otherCircumstances,
  otherSteps,
  type FreshPlan,
} from './saved-plan.ts';
import { otherForecast } from './since-forecast.ts';
import { touchedBy } from './touched.ts';

/** What has changed between the plan that was shown and the one that holds now, one line each. */
export interface SinceShown {
  /** What has not been confirmed. */
  readonly unannounced: readonly string[];
  /** What need not be done any more, or cannot be. */
  readonly dropped: readonly string[];
  /** What the cluster does on another cluster node: it disturbs nothing. */
  readonly elsewhere: readonly string[];
}

/**
 * Compares the plan that somebody has agreed to with the one that was made just before it is carried out. Less than what was
 * shown may be done; anything else may not: another step, another file in the place of one that is replaced, another way, a risk,
 * something else that the cluster itself would do about it.
 */
export function sinceShown(shown: FreshPlan, now: FreshPlan): SinceShown {
  const { gone, added, changed } = otherSteps(shown.plan, now.plan);
  const forecast = otherForecast(shown.plan.forecast, now.plan.forecast, now.cluster.cib);
  return {
    unannounced: [
      ...added,
      ...changed,
      ...(added.length + changed.length > 0 ? [] : otherObjects(shown, now)),
      ...otherCircumstances(shown.plan, now.plan),
      ...forecast.unannounced,
      ...newRisks(shown.plan.risks, now.plan.risks),
    ],
    dropped: withoutStepsOf(newlyLeftOut(shown.plan, now.plan), gone, forecast.dropped),
    elsewhere: forecast.elsewhere,
  };
}

/** Who is left out now has no steps any more, and who has none is not connected: that need not be reported for each. */
function withoutStepsOf(
  leftOut: readonly string[],
  gone: readonly string[],
  effects: readonly string[],
): readonly string[] {
  const namesOf = (lines: readonly string[], end: string): ReadonlySet<string> =>
    new Set(lines.map((line) => line.slice(0, line.indexOf(end))));
  const left = namesOf(leftOut, ':');
  const steps = gone.filter((line) => !left.has(line.slice(0, line.indexOf(' '))));
  const reported = new Set([...left, ...namesOf(steps, ' ')]);
  return [
    ...leftOut,
    ...steps,
    ...effects.filter((line) => !reported.has(line.slice(0, line.indexOf(':')))),
  ];
}

/** Nothing is kept by it. */
const KEY = '00';

/** What would be changed, and is not what it was when the plan was shown. */
function otherObjects(shown: FreshPlan, now: FreshPlan): readonly string[] {
  const known = new Set(statesOf(shown).map(([, state]) => state));
  const others = statesOf(now).filter(([, state]) => !known.has(state));
  return [...new Set(others.map(([name]) => `${name}: changed since`))];
}

const statesOf = (plan: FreshPlan): readonly (readonly [name: string, state: string])[] =>
  touchedBy(plan).map(({ host, object, state }) => {
    const name = `${host ?? 'CIB'} ${object}`;
    return [name, fingerprint(KEY, name, state)];
  });
