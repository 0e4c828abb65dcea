import { setTimeout as sleep } from "node:timers/promises";
import { currentTenant, isAnnalsError, requireTenant, runWithTenant } from "@annals/client";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("tenant context", () => {
  test("there is none by default, and then requiring one is an error", () => {
    expect(currentTenant()).toBeUndefined();
    let thrown: unknown;
    try {
      requireTenant();
    } catch (error) {
      thrown = error;
    }
    expect(isAnnalsError(thrown, "tenant_required")).toBe(true);
  });

  test("a scope sets, and restores the outer one on exit, on throw and on rejection", async () => {
    await runWithTenant("outer", async () => {
      expect(runWithTenant("inner", requireTenant)).toBe("inner");
      expect(requireTenant()).toBe("outer");
      expect(() =>
        runWithTenant("inner", () => {
          throw new Error("thrown");
        }),
      ).toThrow("thrown");
      expect(requireTenant()).toBe("outer");
      await expect(
        runWithTenant("inner", async () => {
          await sleep(1);
          throw new Error("rejected");
        }),
      ).rejects.toThrow("rejected");
      expect(requireTenant()).toBe("outer");
    });
    expect(currentTenant()).toBeUndefined();
  });

  test("it goes along through awaits, timers, microtasks and generators", async () => {
    await runWithTenant("acme", async () => {
      await sleep(1);
      expect(currentTenant()).toBe("acme");
      expect(
        await new Promise((resolve) =>
          setImmediate(() => {
            resolve(currentTenant());
          }),
        ),
      ).toBe("acme");
      expect(await Promise.resolve().then(currentTenant)).toBe("acme");
      const generator = (async function* () {
        await sleep(1);
        yield currentTenant();
      })();
      for await (const tenant of generator) expect(tenant).toBe("acme");
    });
  });

  test("a task inherits its starter's tenant, and its own scope does not leak back", async () => {
    await runWithTenant("outer", async () => {
      const task = (async () => {
        await sleep(1);
        const inherited = currentTenant();
        return [inherited, runWithTenant("inner", requireTenant)];
      })();
      expect(await task).toEqual(["outer", "inner"]);
      expect(requireTenant()).toBe("outer");
    });
  });

  /** Runs tasks that check their tenant between naps of given lengths; true when none saw another's. */
  async function isolated(
    naps: readonly (readonly number[])[],
    run: (tenant: string, task: () => Promise<boolean>) => Promise<boolean>,
    current: () => string | undefined,
  ): Promise<boolean> {
    const results = naps.map((lengths, i) =>
      run(`tenant-${i}`, async () => {
        for (const ms of lengths) {
          if (current() !== `tenant-${i}`) return false;
          await (ms === 0 ? Promise.resolve() : sleep(ms));
        }
        return current() === `tenant-${i}`;
      }),
    );
    return (await Promise.all(results)).every(Boolean);
  }

  const schedules = fc.array(
    fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 5 }),
    {
      minLength: 2,
      maxLength: 12,
    },
  );

  test("concurrent tasks never see each other's tenant", async () => {
    await fc.assert(
      fc.asyncProperty(schedules, (naps) => isolated(naps, runWithTenant, currentTenant)),
      { numRuns: 50 },
    );
  });

  test("the test above fails for a context that is a mere variable", async () => {
    let variable: string | undefined;
    const run = (tenant: string, task: () => Promise<boolean>): Promise<boolean> => {
      variable = tenant;
      return task();
    };
    const result = await fc.check(
      fc.asyncProperty(schedules, (naps) => isolated(naps, run, () => variable)),
      { numRuns: 50 },
    );
    expect(result.failed).toBe(true);
  });
});
