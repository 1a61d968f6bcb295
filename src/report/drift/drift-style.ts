/** The page's colours and shapes: light, and dark where the reader's system is. Holds nothing that HTML would read as markup. */
const STYLE = `
:root { color-scheme: light dark; --back: #f3f5f8; --card: #ffffff; --text: #1a1f27; --faint: #5c6673; --line: #d5dbe3;
  --good: #1b7f4d; --warn: #a85800; --bad: #b3261e; --odd: #5b4bb0; --off: #69727d; --good-back: #e6f4ec;
  --warn-back: #fdf0dd; --bad-back: #fbe9e7; --odd-back: #eeebfa; --off-back: #eef0f3; }
@media (prefers-color-scheme: dark) { :root { --back: #12161c; --card: #1b2129; --text: #e7ebf0; --faint: #9aa6b4;
  --line: #333c48; --good: #5fd39a; --warn: #f2b04f; --bad: #ff8a7e; --odd: #b3a6ff; --off: #a2acb8; --good-back: #16301f;
  --warn-back: #372812; --bad-back: #3b1d1b; --odd-back: #272345; --off-back: #262d36; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 24px 16px 48px; }
header.verdict { border-left: 6px solid var(--good); background: var(--card); border-radius: 8px; padding: 18px 24px; }
header.warn { border-color: var(--warn); } header.bad { border-color: var(--bad); }
.eyebrow { margin: 0; color: var(--faint); font-size: 14px; }
h1 { margin: 2px 0 6px; font-size: 26px; line-height: 1.25; } h2 { font-size: 18px; margin: 0 0 12px; }
h2.heading { margin: 28px 0 0; } h3 { margin: 0 0 4px; font-size: 16px; } p { margin: 0 0 10px; }
header.verdict p:last-child, section p:last-child { margin-bottom: 0; }
section, details { background: var(--card); border-radius: 8px; padding: 18px 24px; margin-top: 16px; }
section.drift { border-left: 4px solid var(--warn); }
.counters { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 16px; }
.counter { flex: 1 1 120px; background: var(--card); border-radius: 8px; padding: 12px 18px; border-top: 4px solid var(--tone); }
.counter b { display: block; font-size: 26px; line-height: 1.2; color: var(--tone); } .counter span { color: var(--faint); }
.in-sync { --tone: var(--good); --wash: var(--good-back); } .drifted { --tone: var(--warn); --wash: var(--warn-back); }
.unreachable, .refused { --tone: var(--bad); --wash: var(--bad-back); }
.stopped, .pending { --tone: var(--off); --wash: var(--off-back); } .undeclared { --tone: var(--odd); --wash: var(--odd-back); }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
.node rect { fill: var(--wash); stroke: var(--tone); stroke-width: 1.5; } .member rect { stroke-width: 2.5; }
.undeclared rect, .unreachable rect { stroke-dasharray: 4 3; }
.name { fill: var(--text); font-size: 13px; font-weight: 600; } .small { fill: var(--faint); font-size: 11px; }
.mark { fill: var(--tone); font-size: 16px; font-weight: 700; } .tiny { font-size: 11px; text-anchor: middle; }
.wire { stroke: var(--faint); stroke-width: 1.5; opacity: 0.7; } .ring { stroke: var(--faint); stroke-width: 4; }
.legend { margin-top: 14px; color: var(--faint); font-size: 13px; } .key { margin-right: 16px; white-space: nowrap; }
.key i { font-style: normal; font-weight: 700; color: var(--tone); }
.warning { color: var(--bad); font-weight: 600; } .todo { margin-top: 10px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--faint); font-weight: 600; } th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; } th { white-space: nowrap; }
summary { cursor: pointer; font-weight: 600; } summary + .scroll { margin-top: 12px; }
code { font: 13px ui-monospace, Consolas, monospace; } ul { margin: 0; padding-left: 20px; }
footer { margin-top: 20px; color: var(--faint); font-size: 13px; overflow-wrap: anywhere; }
@media print { body { background: none; } section, details, header.verdict { break-inside: avoid; } }
`;

/** One rule a line: a text is cut where it gets too long to read. */
export const PAGE_STYLE: readonly string[] = STYLE.trim().split('\n');
