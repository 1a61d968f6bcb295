/**
 * Whether the DC has nothing under way: its controller is in S_IDLE (daemons/controld/controld_fsa.h). Where the DC did not
 * report its state it may be busy.
 */
export const isIdle = ({ dcState }: { readonly dcState: string }): boolean =>
  dcState.includes('S_IDLE');
