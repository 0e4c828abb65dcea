import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { SignJWT } from "jose";
import { playScenario, type Tenant } from "./scenario.js";
import { startServerProcess } from "./server-process.js";

const jwtKey = randomBytes(32).toString("base64url");

/** A token of ten minutes, signed as an identity provider would. */
function mintToken(subject: string, scope: string, tenantId?: string): Promise<string> {
  return new SignJWT({ scope, ...(tenantId !== undefined && { tenant_id: tenantId }) })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(subject)
    .setExpirationTime("10 minutes")
    .sign(new TextEncoder().encode(jwtKey));
}

async function newTenant(name: string): Promise<Tenant> {
  const id = randomUUID();
  return { id, name, token: await mintToken(name, "events:append events:read", id) };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Rejects when the demo is told to end: so that the server and the folder go with it then, too. */
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      reject(new Error(`ended by ${signal}`));
    });
  }
});
interrupted.catch(() => undefined);

const rule = "=".repeat(70);
print(`${rule}\nTutorial 16: Multi-Tenancy\n${rule}`);

const folder = await mkdtemp(join(tmpdir(), "annals-demo-"));
try {
  const server = await startServerProcess(join(folder, "annals.db"), jwtKey);
  try {
    const acme = await newTenant("ACME Corp");
    const globex = await newTenant("Globex Inc");
    const operatorToken = await mintToken("operator", "events:read:all-tenants");
    const scenario = playScenario(server.address, [acme, globex], operatorToken, print);
    const found = await Promise.race([scenario, interrupted]);
    const expected = {
      blockedByServer: true,
      operatorOnly: true,
      acmeEvents: 4,
      globexEvents: 2,
      acmeOrders: 3,
      globexOrders: 2,
      stats: [
        { tenantId: acme.id, orderCount: 3, totalRevenue: 600 },
        { tenantId: globex.id, orderCount: 2, totalRevenue: 1500 },
      ],
    };
    if (!isDeepStrictEqual(found, expected)) {
      process.exitCode = 1;
      process.stderr.write(`expected ${JSON.stringify(expected)}\ngot ${JSON.stringify(found)}\n`);
    }
  } finally {
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true });
}
print(`\n${rule}\n${process.exitCode ? "The demo failed." : "Tutorial complete!"}\n${rule}`);
