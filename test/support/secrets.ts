/** Secrets of a run in which nobody, or a test, answers. */
import {
  secretFetcher,
  type AskSecret,
  type FetchSecret,
} from '../../src/host/secrets/secret-source.ts';
import { OutriggerError } from '../../src/support/errors.ts';

/** Fetches from where secrets live; a person answers with `ask`. */
export const fetching = (ask: AskSecret, signal = new AbortController().signal): FetchSecret =>
  secretFetcher({ ask, signal, report: () => undefined });

const nobody: AskSecret = () =>
  Promise.reject(new OutriggerError('REFUSED', 'no terminal for confirmation'));

/** Each fetch is a run of its own: none knows what another has fetched. */
export const withoutPrompt: FetchSecret = (...desired) => fetching(nobody)(...desired);
