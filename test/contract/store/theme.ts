import { afterAll, beforeAll, describe, test } from "vitest";
import type { Store } from "#server/store/store.js";

/** A store under the contract. */
export interface StoreContract {
  readonly name: string;
  /** Opens an empty store; the contract closes it. */
  readonly open: () => Promise<Store>;
  /** Tests that this store cannot hold, by their full names, and why. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/** How a theme states its tests. */
export interface Theme {
  /** On a store that other tests of the theme write to as well, so in tenants of its own. */
  readonly test: (name: string, body: (store: Store) => Promise<void>) => void;
  /** On a store of its own, empty at first. */
  readonly testAlone: (name: string, body: (store: Store) => Promise<void>) => void;
}

/** Runs a theme's tests against a store. */
export function describeTheme(
  { open, skip = [] }: StoreContract,
  title: string,
  state: (theme: Theme) => void,
): void {
  const skipped = new Map(skip.flatMap(({ reason, tests }) => tests.map((name) => [name, reason])));
  const testUnlessSkipped = (name: string, body: () => Promise<void>): void => {
    const reason = skipped.get(name);
    test(name, async (context) => {
      if (reason !== undefined) context.skip(reason);
      await body();
    });
  };
  describe(title, () => {
    let shared: Store;
    beforeAll(async () => {
      shared = await open();
    });
    afterAll(() => shared.close());
    state({
      test: (name, body) => {
        testUnlessSkipped(name, () => body(shared));
      },
      testAlone: (name, body) => {
        testUnlessSkipped(name, async () => {
          const store = await open();
          try {
            await body(store);
          } finally {
            await store.close();
          }
        });
      },
    });
  });
}
