// Packs the contract and the SDK, installs the tarballs in an application of their own, type-checks it as Node
// and as a bundler would, and has it append and read. `npm run build` comes first.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { withServer } from "./clients/servers.mjs";

const application = `
import { connect, defineEvent } from "@annals/client";
import { tenantMiddleware } from "@annals/client/express";
import { givenProjection } from "@annals/client/testing";
import type { AppendRequest } from "@annals/proto/annals/v1/event_store";
import { z } from "zod";

const OrderPlaced = defineEvent({
  type: "OrderPlaced",
  aggregateType: "Order",
  schema: z.object({ total: z.number() }),
});
const annals = connect({
  address: process.argv[2] ?? "",
  tenant: "2f1d9c3e-6a54-4c59-9a43-0f6f5b7c8d10",
  events: [OrderPlaced],
});
const stream = { aggregateType: "Order", aggregateId: "1" };
await annals.append({ stream, expected: "any", events: [OrderPlaced.create({ total: 6 })] });
let total = 0;
for await (const event of annals.readAll({ unknownEvents: "fail" })) total += event.data.total;
await annals.close();
const request: Partial<AppendRequest> = {};
console.log(total, typeof tenantMiddleware, typeof givenProjection, Object.keys(request).length);
`;

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

const folder = mkdtempSync(join(tmpdir(), "annals-consumer-"));
try {
  const tarballs = ["proto", "client"].map((name) => {
    const args = ["pack", "--json", "--silent", "--pack-destination", folder, "--workspace", name];
    return `./${JSON.parse(run("npm", args))[0].filename}`;
  });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run(
    "npm",
    ["install", "--silent", "--prefer-offline", "--ignore-scripts", ...tarballs, "zod@4"],
    folder,
  );
  writeFileSync(join(folder, "main.ts"), application);
  const types = [
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--lib",
    "es2023,esnext.disposable,dom",
  ];
  const node = ["--types", "node", "--typeRoots", resolve("node_modules/@types")];
  for (const [module, resolution] of [
    ["esnext", "bundler"],
    ["nodenext", "nodenext"],
  ]) {
    const how = ["--module", module, "--moduleResolution", resolution];
    run(resolve("node_modules/.bin/tsc"), [...types, ...node, ...how, "main.ts"], folder);
  }
  const { stdout } = await withServer("memory:", (address) =>
    promisify(execFile)(process.execPath, ["main.js", address], { cwd: folder, timeout: 30_000 }),
  );
  if (stdout !== "6 function function 0\n") throw new Error(`the application said ${stdout}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
