import { defineConfig } from "vitest/config";

// Tests import the built packages (what ships), so `npm test` builds first.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } }, // a busy machine is no fault
    maxWorkers: 2,
  },
});
