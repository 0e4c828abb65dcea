import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { file_annals_v1_event_store } from "@annals/proto/annals/v1/event_store";
import { file_annals_v1_projections } from "@annals/proto/annals/v1/projections";
import { file_annals_v1_server_info } from "@annals/proto/annals/v1/server_info";
import { file_annals_v1_snapshots } from "@annals/proto/annals/v1/snapshots";
import { file_annals_v1_tenants } from "@annals/proto/annals/v1/tenants";
import type { ServiceContext } from "#server/service/context.js";
import { eventStoreRpcs } from "#server/transport/event-store/rpcs.js";
import { projectionsRpcs } from "#server/transport/projections/rpcs.js";
import { nameOfRpc } from "#server/transport/rpc.js";
import { serverInfoRpcs } from "#server/transport/server-info/rpcs.js";
import { snapshotsRpcs } from "#server/transport/snapshots/rpcs.js";
import { tenantsRpcs } from "#server/transport/tenants/rpcs.js";
import type { AppendStreamOptions } from "#server/transport/event-store/append-stream.js";

test("every method of every service declares the scopes that open it", () => {
  const context = {} as ServiceContext;
  const rpcs = [
    ...eventStoreRpcs(context, {} as AppendStreamOptions),
    ...snapshotsRpcs(context),
    ...projectionsRpcs(context),
    ...tenantsRpcs(context),
    ...serverInfoRpcs({ version: "0.0.0", store: "memory" }),
  ];
  const declared = new Map(rpcs.map((rpc) => [nameOfRpc(rpc), rpc.scopes]));
  const files = [
    file_annals_v1_event_store,
    file_annals_v1_projections,
    file_annals_v1_server_info,
    file_annals_v1_snapshots,
    file_annals_v1_tenants,
  ];
  // A service that is added to the contract has to be added here, with its policies.
  const folder = "proto/annals/v1";
  const withServices = readdirSync(folder).filter((name) =>
    /^service /m.test(readFileSync(join(folder, name), "utf8")),
  );
  expect(files.map(({ proto }) => proto.name).toSorted()).toEqual(
    withServices.map((name) => `annals/v1/${name}`).toSorted(),
  );
  for (const service of files.flatMap(({ services }) => services)) {
    for (const method of service.methods) {
      const name = `${service.typeName}/${method.name}`;
      expect(declared.get(name)?.length, name).toBeGreaterThan(0);
    }
  }
});
