import type { Spread } from "./spread.js";

/** Bars beside each other. */
export interface Chart {
  readonly title: string;
  /** Of all bars: "events/s". */
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: Spread }[];
}

const width = 760;
const [nameWidth, textWidth] = [250, 110];
const [barHeight, barPitch, headHeight, gap] = [16, 24, 34, 18];

/** One SVG drawing (https://www.w3.org/TR/SVG2/): a bar is a median, the line on it the range. */
export function svgOf(charts: readonly Chart[]): string {
  const parts: string[] = [];
  let top = gap;
  for (const chart of charts) {
    parts.push(...chartAt(chart, top));
    top += headHeight + chart.bars.length * barPitch + gap;
  }
  const size = `width="${width}" height="${top}" viewBox="0 0 ${width} ${top}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function chartAt({ title, unit, bars }: Chart, top: number): string[] {
  const most = Math.max(...bars.map(({ value }) => value.max)) || 1;
  const x = (value: number): number =>
    nameWidth + Math.round((value / most) * (width - nameWidth - textWidth));
  const lines = [
    `<text x="8" y="${top + 12}" font-weight="bold">${escape(`${title}, ${unit}`)}</text>`,
  ];
  bars.forEach(({ name, value }, i) => {
    const y = top + headHeight + i * barPitch;
    const middle = y + barHeight / 2;
    lines.push(
      `<text x="${nameWidth - 8}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${nameWidth}" y="${y}" width="${x(value.median) - nameWidth}" height="${barHeight}" fill="#4477aa"/>`,
      `<line x1="${x(value.min)}" y1="${middle}" x2="${x(value.max)}" y2="${middle}" stroke="#111111"/>`,
      `<text x="${x(value.max) + 6}" y="${middle + 4}">${shortText(value.median)}</text>`,
    );
  });
  return lines;
}

function shortText(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
