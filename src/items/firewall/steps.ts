/** What a connection meets at one place of the firewall. */
export type Verdict =
  | { readonly kind: 'open' }
  /** Nothing lets it in; a rule in that zone does. `doubt`: what may keep it out even then. */
  | { readonly kind: 'closed'; readonly zone: string; readonly doubt?: string }
  /** A setting of an operator keeps it out, whatever else is opened. */
  | { readonly kind: 'denied'; readonly by: string }
  /** Whether it gets in depends on what cannot be evaluated. */
  | { readonly kind: 'unclear'; readonly by: string };

/** Something that is looked at on the way in. */
export interface Step {
  readonly match: 'yes' | 'maybe';
  readonly verdict: Verdict;
  /** What it is, as it is shown. */
  readonly by: string;
}

/**
 * What comes of steps in their order: the first that is for the connection decides. One that may be for it puts the result
 * in doubt when it says otherwise. A zone in which nothing opens the port is called closed all the same: a rule there takes
 * away what was hoped for, and cannot do harm.
 */
export function settle(steps: Iterable<Step>): Verdict | undefined {
  let hope: string | undefined;
  let doubt: string | undefined;
  for (const { match, verdict, by } of steps) {
    if (match === 'yes') return judged(verdict, hope, doubt);
    const { kind } = verdict;
    if (kind === 'open' || kind === 'unclear') hope ??= by;
    if (kind !== 'open') doubt ??= by;
  }
  return undefined;
}

function judged(verdict: Verdict, hope: string | undefined, doubt: string | undefined): Verdict {
  switch (verdict.kind) {
    case 'open':
      return doubt === undefined ? verdict : { kind: 'unclear', by: doubt };
    case 'denied':
      return hope === undefined ? verdict : { kind: 'unclear', by: hope };
    case 'closed':
      return doubt === undefined ? verdict : { ...verdict, doubt: verdict.doubt ?? doubt };
    case 'unclear':
      return verdict;
  }
}
