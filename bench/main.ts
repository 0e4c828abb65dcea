import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { svgOf } from "./report/chart.js";
import { targetTable } from "./report/target-table.js";
import { appendSuite } from "./suites/append.js";
import { chainSuite } from "./suites/chain.js";
import { growthSuite } from "./suites/growth.js";
import { liveSuite } from "./suites/live.js";
import { peersSuite } from "./suites/peers.js";
import { readSuite } from "./suites/read.js";
import { sdkSuite } from "./suites/sdk.js";
import type { Suite } from "./suites/suite.js";
import { tenantsSuite } from "./suites/tenants.js";
import { wallsSuite } from "./suites/walls.js";

/** THE SUITES. */
const suites: readonly Suite[] = [
  appendSuite,
  growthSuite,
  readSuite,
  liveSuite,
  sdkSuite,
  tenantsSuite,
  chainSuite,
  wallsSuite,
  peersSuite,
];

type Values = Readonly<Record<string, unknown>>;

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    interrupted.abort(new Error(`stopped by ${signal}`));
  });
}

const program = new Command("bench")
  .description("Measures Annals, as ratios to what its parts can do in the same run.")
  .enablePositionalOptions()
  .option("--quick", "run every suite for a moment: to see that all work, not for figures")
  .action(async ({ quick }: { readonly quick?: true }) => {
    if (quick) await runAllQuickly();
    else program.help();
  });
for (const suite of suites) {
  program.addCommand(commandOf(suite, (values) => run(suite, values)));
}
program
  .command("targets")
  .description("print what Annals is to reach, why, and which suite shows it")
  .action(() => {
    console.log(targetTable());
  });
await program.parseAsync();

function commandOf(suite: Suite, action: (values: Values) => Promise<void>): Command {
  const command = new Command(suite.name).description(suite.description);
  for (const option of suite.options) command.addOption(option);
  command.option("--json", "print one JSON document and nothing else");
  command.option("--svg <file>", "draw the figures into a file");
  return command.action(action);
}

async function run(suite: Suite, values: Values): Promise<void> {
  const { json, svg } = values as { readonly json?: true; readonly svg?: string };
  const progress = (line: string): void => {
    if (!json) process.stderr.write(`${line}\n`);
  };
  try {
    const report = await suite.run(values, { signal: interrupted.signal, progress });
    if (svg !== undefined) writeFileSync(svg, svgOf(report.charts));
    console.log(json ? JSON.stringify(report.document, undefined, 2) : `\n${report.text}`);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

/** Each suite with its quick arguments, until one fails. */
async function runAllQuickly(): Promise<void> {
  const started = performance.now();
  for (const suite of suites) {
    for (const args of suite.quick) {
      console.log(`\n## ${suite.name} ${args.join(" ")}`);
      const command = commandOf(suite, (values) => run(suite, values));
      const begun = performance.now();
      await command.parseAsync(args, { from: "user" });
      console.log(`\n${suite.name}: ${secondsSince(begun)} s`);
      if (process.exitCode !== undefined) return;
    }
  }
  console.log(`\nAll suites work: ${secondsSince(started)} s.`);
}

function secondsSince(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(0);
}
