import { styleText } from 'node:util';
import { plainStyle, type Paint, type Style } from '../../report/text/style.ts';

type Format = Parameters<typeof styleText>[0];

const paintWith =
  (format: Format): Paint =>
  (text) =>
    styleText(format, text, { validateStream: false });

const coloured: Style = {
  heading: paintWith('bold'),
  good: paintWith('green'),
  attention: paintWith('yellow'),
  bad: paintWith('red'),
  faint: paintWith('dim'),
};

/** Colours for a stream: none unless it is a terminal, NO_COLOR is unset or empty, and TERM is not `dumb`. */
export const styleFor = (
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Style =>
  stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
    ? coloured
    : plainStyle;
