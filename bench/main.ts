import { Command } from "commander";
import { appendSuite } from "./suites/append.js";
import { liveSuite } from "./suites/live.js";
import { readSuite } from "./suites/read.js";
import type { Suite } from "./suites/suite.js";

/** THE SUITES. */
const suites: readonly Suite[] = [appendSuite, readSuite, liveSuite];

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    interrupted.abort(new Error(`stopped by ${signal}`));
  });
}

const program = new Command("bench").description(
  "Measures Annals, as ratios to what its parts can do in the same run.",
);
for (const suite of suites) {
  const command = program.command(suite.name).description(suite.description);
  for (const option of suite.options) command.addOption(option);
  command.option("--json", "print one JSON document and nothing else");
  command.action((values: Readonly<Record<string, unknown>>) => run(suite, values));
}
await program.parseAsync();

async function run(suite: Suite, values: Readonly<Record<string, unknown>>): Promise<void> {
  const json = values["json"] === true;
  const progress = (line: string): void => {
    if (!json) process.stderr.write(`${line}\n`);
  };
  try {
    const report = await suite.run(values, { signal: interrupted.signal, progress });
    console.log(json ? JSON.stringify(report.document, undefined, 2) : `\n${report.text}`);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
