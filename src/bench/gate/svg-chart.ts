/** A line chart as one self-contained SVG document. */
export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** A level that matters, drawn across. */
  readonly level?: { readonly at: number; readonly label: string };
}

interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly isDashed?: boolean;
  /** Which colour; lines that belong together share one. */
  readonly colour: number;
}

/** Okabe and Ito's palette without its yellow: told apart by all, also in print. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'] as const;

const WIDTH = 920;
const HEIGHT = 540;
const PLOT = { left: 84, right: 700, top: 92, bottom: 462 } as const;
const LABEL_GAP = 20;

export function chartSvg(chart: Chart): string {
  const parts = [
    text(PLOT.left, 40, chart.title, 'title'),
    text(PLOT.left, 64, chart.subtitle, 'quiet'),
    ...gridOf(chart),
    ...levelOf(chart),
    ...chart.lines.map((line) => lineOf(line, chart)),
    ...labelsOf(chart),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${escaped(chart.title)}">
<style>${STYLE}</style>
<rect width="${String(WIDTH)}" height="${String(HEIGHT)}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

const STYLE = `
text { font: 15px system-ui, sans-serif; fill: #222222; }
.title { font-size: 20px; font-weight: 600; }
.quiet { fill: #595959; }
.grid { stroke: #e3e3e3; }
.axis { stroke: #595959; }
.level { stroke: #222222; stroke-dasharray: 2 4; }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.dashed { stroke-dasharray: 8 5; }
.lead { fill: none; stroke-width: 1; opacity: 0.6; }`;

function across(value: number, { x }: Chart): number {
  return PLOT.left + ((value - x.from) / (x.to - x.from)) * (PLOT.right - PLOT.left);
}

function up(value: number, { y }: Chart): number {
  return PLOT.bottom - ((value - y.from) / (y.to - y.from)) * (PLOT.bottom - PLOT.top);
}

function gridOf(chart: Chart): readonly string[] {
  const { left, right, top, bottom } = PLOT;
  const middle = (left + right) / 2;
  return [
    ...chart.y.ticks.flatMap((tick) => [
      stroke(left, up(tick, chart), right, up(tick, chart), 'grid'),
      text(left - 10, up(tick, chart) + 5, chart.y.format(tick), 'quiet', 'end'),
    ]),
    ...chart.x.ticks.flatMap((tick) => [
      stroke(across(tick, chart), bottom, across(tick, chart), bottom + 6, 'axis'),
      text(across(tick, chart), bottom + 24, chart.x.format(tick), 'quiet', 'middle'),
    ]),
    stroke(left, bottom, right, bottom, 'axis'),
    text(middle, bottom + 52, chart.x.label, '', 'middle'),
    `<text transform="translate(22 ${String((top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${escaped(chart.y.label)}</text>`,
  ];
}

function levelOf(chart: Chart): readonly string[] {
  if (chart.level === undefined) return [];
  const at = up(chart.level.at, chart);
  return [
    stroke(PLOT.left, at, PLOT.right, at, 'level'),
    text(PLOT.right - 8, at - 7, chart.level.label, '', 'end'),
  ];
}

function lineOf({ points, isDashed, colour }: Line, chart: Chart): string {
  const path = points
    .map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${short(across(x, chart))} ${short(up(y, chart))}`)
    .join('');
  const dashed = isDashed === true ? ' dashed' : '';
  return `<path class="line${dashed}" stroke="${colourOf(colour)}" d="${path}"/>`;
}

/** Each line is named at its end; names that would touch are moved apart, and led back to their lines. */
function labelsOf(chart: Chart): readonly string[] {
  const ends = chart.lines
    .map((line) => ({ line, at: up(line.points.at(-1)?.[1] ?? 0, chart) }))
    .sort((left, right) => left.at - right.at);
  const placed: number[] = [];
  for (const { at } of ends) placed.push(Math.max(at, (placed.at(-1) ?? -Infinity) + LABEL_GAP));
  const overrun = Math.max(0, (placed.at(-1) ?? 0) - PLOT.bottom);
  for (let at = placed.length - 1, most = Infinity; at >= 0 && overrun > 0; at -= 1) {
    most = Math.min((placed[at] ?? 0) - (at === placed.length - 1 ? overrun : 0), most);
    placed[at] = most;
    most -= LABEL_GAP;
  }
  return ends.flatMap(({ line, at }, index) => {
    const y = placed[index] ?? at;
    const colour = colourOf(line.colour);
    const dashed = line.isDashed === true ? ' dashed' : '';
    const from = PLOT.right;
    return [
      `<path class="lead" stroke="${colour}" d="M${String(from + 2)} ${short(at)}L${String(from + 14)} ${short(y)}"/>`,
      `<path class="line${dashed}" stroke="${colour}" d="M${String(from + 14)} ${short(y)}h22"/>`,
      text(from + 42, y + 5, line.label, ''),
    ];
  });
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? COLOURS[0];
}

function text(x: number, y: number, value: string, style: string, anchor = 'start'): string {
  return `<text x="${short(x)}" y="${short(y)}" class="${style}" text-anchor="${anchor}">${escaped(value)}</text>`;
}

function stroke(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<path class="${style}" d="M${short(x1)} ${short(y1)}L${short(x2)} ${short(y2)}"/>`;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
