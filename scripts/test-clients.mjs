// Runs the clients' own tests, in every language whose toolchain is there, on SQLite and PostgreSQL. What is
// left out is said; what fails ends it with 1.
import { spawnSync } from "node:child_process";
import { goMissing } from "./clients/go.mjs";
import { pythonForClient, pythonMissing } from "./clients/python.mjs";
import { stores } from "./clients/servers.mjs";

const suites = [
  {
    name: "Python, generated code",
    missing: pythonMissing,
    once: true,
    command: () => ["node", "scripts/generate-python.mjs", "--check"],
  },
  {
    name: "Python",
    missing: pythonMissing,
    command: () => [pythonForClient(), "-m", "pytest", "-q", "clients/python/tests"],
  },
  {
    name: "Go, generated code",
    missing: goMissing,
    once: true,
    command: () => ["node", "scripts/generate-go.mjs", "--check"],
  },
  {
    name: "Go",
    missing: goMissing,
    command: () => ["go", "test", "-C", "clients/go", "-count=1", "./..."],
  },
];

const failed = [];
for (const { name, missing, once, command } of suites) {
  const reason = missing();
  if (reason !== undefined) {
    console.log(`SKIPPED ${name}: ${reason}`);
    continue;
  }
  const [program, ...args] = command();
  for (const [store, use] of Object.entries(stores).slice(0, once ? 1 : undefined)) {
    const title = once ? name : `${name}, ${store}`;
    console.log(`== ${title}`);
    await use((url) => {
      const env =
        store === "SQLite"
          ? process.env
          : { ...process.env, ANNALS_TEST_STORE: url, ANNALS_MIGRATE: "true" };
      const { status } = spawnSync(program, args, { stdio: "inherit", env });
      if (status !== 0) failed.push(title);
    });
  }
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join("; ")}`);
  process.exitCode = 1;
}
