/** Puts a text in a colour, or leaves it as it is. */
export type Paint = (text: string) => string;

/** How texts look, by what they mean; who prints decides (colour is a matter of the terminal). */
export interface Style {
  readonly heading: Paint;
  readonly good: Paint;
  readonly attention: Paint;
  readonly bad: Paint;
  readonly faint: Paint;
}

const asIs: Paint = (text) => text;

/** No colours: for files, pipes and whoever set NO_COLOR. */
export const plainStyle: Style = {
  heading: asIs,
  good: asIs,
  attention: asIs,
  bad: asIs,
  faint: asIs,
};
