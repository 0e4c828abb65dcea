// The runner of test/conformance for TypeScript: conformance-typescript.mjs <address> <folder of scenarios>.
import { startVitest } from "vitest/node";

const [address, folder] = process.argv.slice(2);
process.env.ANNALS_CONFORMANCE = JSON.stringify({ address, folder });
const vitest = await startVitest("test", ["test/conformance.test.ts"], {
  watch: false,
  reporters: [{}],
});
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const { state, errors } = test.result();
    if (state === "skipped") continue;
    const error = errors?.[0]?.message;
    console.log(
      JSON.stringify({ name: test.name, ok: state === "passed", ...(error && { error }) }),
    );
  }
}
await vitest.close();
