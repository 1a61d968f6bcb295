import type { AuthenticationSpec } from '../../../inventory/spec.ts';
import { OutriggerError } from '../../../support/errors.ts';

type Kind = Extract<AuthenticationSpec, { readonly method: 'x509' }>['x509']['kind'];

/** Throws USAGE unless the certificates are of one of these kinds; `otherwise` says what to do about those of others. */
export function checkOwn(
  authentication: AuthenticationSpec,
  kinds: readonly Kind[],
  otherwise: string,
): void {
  if (authentication.method !== 'x509') {
    throw new OutriggerError('USAGE', 'this inventory uses the authkey: there are no certificates');
  }
  if (!kinds.includes(authentication.x509.kind)) {
    throw new OutriggerError(
      'USAGE',
      'the certificates of this inventory are issued by a CA that outrigger does not keep',
      { hint: otherwise },
    );
  }
}
