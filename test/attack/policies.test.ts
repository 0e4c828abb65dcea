import { expect, test } from "vitest";
import { EventStore, file_annals_v1_event_store } from "@annals/proto/annals/v1/event_store";
import type { ServiceContext } from "#server/service/context.js";
import { eventStoreRpcs } from "#server/transport/event-store/rpcs.js";
import { nameOfRpc } from "#server/transport/rpc.js";
import type { AppendStreamOptions } from "#server/transport/event-store/append-stream.js";

// A service that is added to the contract has to be added here, with its policies.
test("every method of every service declares the scopes that open it", () => {
  const rpcs = eventStoreRpcs({} as ServiceContext, {} as AppendStreamOptions);
  const declared = new Map(rpcs.map((rpc) => [nameOfRpc(rpc), rpc.scopes]));
  const { services } = file_annals_v1_event_store;
  expect(services.map((service) => service.typeName)).toContain(EventStore.typeName);
  for (const service of services) {
    for (const method of service.methods) {
      const name = `${service.typeName}/${method.name}`;
      expect(declared.get(name)?.length, name).toBeGreaterThan(0);
    }
  }
});
