/** Lines up columns of figures: the first to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Lines up what stands behind names. */
export function formatList(items: readonly (readonly [name: string, text: string])[]): string {
  const width = Math.max(...items.map(([name]) => name.length));
  return items.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}
