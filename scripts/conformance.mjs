// Runs test/conformance in every language whose toolchain is there, on SQLite and PostgreSQL, and prints a
// table. What is left out is said; what fails ends it with 1.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { goMissing } from "./clients/go.mjs";
import { pythonForClient, pythonMissing } from "./clients/python.mjs";
import { stores, withServer } from "./clients/servers.mjs";

const scenarios = resolve("test/conformance/scenarios");

/** Each language's runner: it gets an address and a folder and prints a line of JSON for each scenario. */
const languages = [
  {
    name: "TypeScript",
    missing: () => undefined,
    command: () => ["node", "scripts/conformance-typescript.mjs"],
  },
  {
    name: "Python",
    missing: pythonMissing,
    command: () => [pythonForClient(), "clients/python/conformance.py"],
  },
  {
    name: "Go",
    missing: goMissing,
    command: () => ["go", "run", "-C", "clients/go", "./conformance"],
  },
];

async function run([command, ...args], address) {
  const child = spawn(command, [...args, address, scenarios], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  const code = await new Promise((end, fail) => child.on("error", fail).on("close", end));
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  const results = lines.map((line) => JSON.parse(line));
  if (code !== 0 && results.every(({ ok }) => ok)) {
    throw new Error(`the runner ended with exit code ${code} after ${results.length} scenarios`);
  }
  return results;
}

/** How many scenarios there are, by the first runner. */
let expected;
const rows = [];
const skipped = [];
let failed = false;
for (const { name, missing, command } of languages) {
  const reason = missing();
  if (reason !== undefined) {
    skipped.push(`SKIPPED ${name}: ${reason}`);
    continue;
  }
  const runner = command();
  for (const [store, use] of Object.entries(stores)) {
    const results = await use((url) => withServer(url, (address) => run(runner, address)));
    expected ??= results.length;
    if (results.length !== expected || expected === 0) {
      throw new Error(`${name}, ${store}: ${results.length} scenarios of ${expected}`);
    }
    const faults = results.filter(({ ok }) => !ok);
    for (const fault of faults) console.error(`${name}, ${store}: ${fault.name}: ${fault.error}`);
    failed ||= faults.length > 0;
    rows.push(`| ${name} | ${store} | ${results.length - faults.length} | ${faults.length} |`);
  }
}
console.log(
  ["| client | store | passed | failed |", "| --- | --- | ---: | ---: |", ...rows].join("\n"),
);
for (const line of skipped) console.log(line);
process.exitCode = failed ? 1 : 0;
