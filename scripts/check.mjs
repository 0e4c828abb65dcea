// Every gate in one list: `npm run check` runs them all and says which failed.
import { spawnSync } from "node:child_process";

const gates = [
  ["format", "prettier --check --log-level warn ."],
  ["format of protos", "buf format --diff --exit-code"],
  ["contract lint", "buf lint"],
  [
    "contract compatible with the last release",
    "buf breaking --against proto/released/v0.1.0.binpb",
  ],
  ["generated code fresh", "node scripts/check-generated.mjs"],
  ["types", "tsc -b"],
  ["types of tests", "tsc -p test"],
  ["lint", "eslint . --max-warnings 0"],
  ["dead code", "knip"],
  ["packages", "node scripts/check-packages.mjs"],
  ["packages in an application", "node scripts/check-consumer.mjs"],
];

const failed = gates.filter(([name, command]) => {
  const started = performance.now();
  const { status } = spawnSync(command, { shell: true, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name} (${seconds} s)`);
  return status !== 0;
});

if (failed.length > 0) {
  console.error(`failed: ${failed.map(([name]) => name).join(", ")}`);
  process.exit(1);
}
