import { flagOf, variableOf } from "./load-config.js";
import { settings, type Setting } from "./settings.js";

/** The settings as a Markdown table: docs/reference/configuration.md holds it. */
export function describeSettings(): string {
  const rows = (Object.entries(settings) as [string, Setting<unknown>][]).map(([key, setting]) => {
    const flag = setting.secret ? "" : `\`--${flagOf(key)}\``;
    const fallback = setting.defaultText === "" ? "" : `\`${setting.defaultText}\``;
    return `| \`${key}\` | ${flag} | \`${variableOf(key)}\` | ${fallback} | ${setting.doc} |`;
  });
  return [
    "| file key | flag | variable | default | what it does |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
