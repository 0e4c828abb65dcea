import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { noSettings, type TenantSettings } from "#server/domain/tenant-settings.js";
import { createMemoryStore } from "#server/store/memory/open.js";
import type { RecordStore } from "#server/store/record-store.js";
import { encodeSettings } from "#server/tenants/settings-record.js";
import { TenantDirectory } from "#server/tenants/tenant-directory.js";
import { newTenant, someTime } from "../support/store-input.js";

const tenantId = newTenant();
const ignore = (): void => undefined;

async function openDirectory(
  records: RecordStore = createMemoryStore().records,
  onStoreError: (error: unknown) => void = ignore,
): Promise<TenantDirectory> {
  const options = { defaults: {}, clock: () => someTime, onStoreError };
  const directory = await TenantDirectory.open(records, options);
  onTestFinished(() => directory[Symbol.asyncDispose]());
  return directory;
}

/** Writes a tenant's settings as a server does that dies before it tells of them. */
const putUntold = (records: RecordStore, name: string, settings: TenantSettings = noSettings) => {
  const key = { owner: "operator", collection: "tenants", name } as const;
  return records.put(key, encodeSettings(settings), 0n, someTime);
};

const rename = (directory: TenantDirectory, displayName: string) =>
  directory.change(tenantId, undefined, (settings) => ({ ...settings, displayName }));

const nameIn = (directory: TenantDirectory) => directory.find(tenantId).settings.displayName;

test("who no longer waits for a suspension is told of none", async () => {
  const directory = await openDirectory();
  const [told, gone] = [vi.fn(), vi.fn()];
  directory.watchSuspension(tenantId, told);
  directory.watchSuspension(tenantId, gone)();
  const suspension = { suspendedAt: 1n, reason: "r" };
  await directory.change(tenantId, undefined, (settings) => ({ ...settings, suspension }));
  expect(told).toHaveBeenCalled();
  expect(gone).not.toHaveBeenCalled();
});

test("a change whose writer died before it told of it is found after a minute", async () => {
  const { records } = createMemoryStore();
  const directory = await openDirectory(records);
  await putUntold(records, tenantId, { ...noSettings, displayName: "ACME" });
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  vi.advanceTimersByTime(61_000);
  await expect.poll(() => nameIn(directory)).toBe("ACME");
});

test("the settings of more tenants than a page are all read", async () => {
  const { records } = createMemoryStore();
  for (let i = 0; i < 1_001; i++) await putUntold(records, newTenant());
  expect((await openDirectory(records)).all()).toHaveLength(1_001);
});

test("records that cannot be read are told of, and read again", async () => {
  const { records } = createMemoryStore();
  let failing = false;
  const flaky: RecordStore = {
    ...records,
    get: (...args) => (failing ? Promise.reject(new Error("no disk")) : records.get(...args)),
  };
  const onStoreError = vi.fn();
  const directory = await openDirectory(flaky, onStoreError);
  failing = true;
  await expect.poll(() => onStoreError.mock.calls.length).toBeGreaterThan(0);
  failing = false;
  await rename(await openDirectory(records), "ACME");
  await expect.poll(() => nameIn(directory)).toBe("ACME");
});

test("changes on several servers at the same time are all kept", async () => {
  const { records } = createMemoryStore();
  const directories = [await openDirectory(records), await openDirectory(records)];
  const features = ["a", "b", "c", "d", "e", "f"];
  const add = (feature: string, i: number) =>
    directories[i % 2]!.change(tenantId, undefined, (settings) => ({
      ...settings,
      features: [...settings.features, feature],
    }));
  await Promise.all(features.map(add));
  const { settings } = (await openDirectory(records)).find(tenantId);
  expect(settings.features.toSorted()).toEqual(features);
});

test("a change of this server's is not undone by a read that began before it", async () => {
  const { records } = createMemoryStore();
  const gate = { opened: Promise.resolve() };
  const listed = vi.fn();
  const slow: RecordStore = {
    ...records,
    list: async (...args) => {
      const page = await records.list(...args);
      listed();
      await gate.opened;
      return page;
    },
  };
  const directory = await openDirectory(slow);
  await rename(directory, "old");
  listed.mockClear();
  let open = ignore;
  gate.opened = new Promise((resolve) => (open = resolve));
  await expect.poll(() => listed.mock.calls.length).toBe(1); // reads, for there was a change
  await rename(directory, "new");
  open();
  await sleep(20);
  expect(nameIn(directory)).toBe("new");
});
