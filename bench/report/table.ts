/** A table in Markdown, lined up: the first column to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 3, cell.length)));
  }
  const lines = rows.map((row) => {
    const cells = widths.map((width, i) => {
      const cell = row[i] ?? "";
      return i === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(" | ")} |`;
  });
  const rule = widths.map((width, i) =>
    i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  lines.splice(1, 0, `| ${rule.join(" | ")} |`);
  return lines.join("\n");
}

/** Lines up what stands behind names. */
export function formatList(items: readonly (readonly [name: string, text: string])[]): string {
  const width = Math.max(...items.map(([name]) => name.length));
  return items.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}
