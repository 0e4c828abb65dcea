import fc from "fast-check";
import { Scope } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { openRawGrpc, type RawGrpc } from "../../support/raw-grpc.js";
import { Asker } from "./asker.js";
import { everyCall } from "./every-call.js";
import { OperatorActor } from "./operator-actor.js";
import { type Program, program } from "./program.js";
import { TenantActor } from "./tenant-actor.js";
import { World } from "./world.js";

/** How many programs are run: ANNALS_PROPERTY_RUNS, or as many as ten seconds allow. */
const asked = Number(process.env["ANNALS_PROPERTY_RUNS"] ?? 0);

/** Most programs, and most time for them and for finding the smallest that fails. */
const bounds =
  asked > 0
    ? { numRuns: asked, interruptAfterTimeLimit: asked * 500 }
    : { numRuns: 300, interruptAfterTimeLimit: 10_000 };

/** For a server that is known to be broken: until a program shows it, however long one may take. */
export const untilFound: WallsBounds = { numRuns: 300, endOnFailure: true };

/** How many programs are run, and for how long, in fast-check's words. */
export type WallsBounds = Pick<
  fc.Parameters,
  "numRuns" | "interruptAfterTimeLimit" | "endOnFailure"
>;

/** Time for a test, in milliseconds. */
export const wallsTimeoutMs: number = 60_000 + bounds.interruptAfterTimeLimit;

/**
 * Tenants and operators ask everything of one server at the same time. Each tenant is answered as if
 * it were alone, and no answer holds a byte of another.
 *
 * @returns the methods that were called
 * @throws when a program of calls is answered wrongly, with the smallest one found
 */
export async function assertWalls(
  server: AnnalsServer,
  how: WallsBounds = bounds,
): Promise<ReadonlySet<string>> {
  const ports = [openRawGrpc(server.grpcAddress), openRawGrpc(server.httpAddress ?? "")];
  const called = new Set<string>();
  try {
    await fc.assert(
      fc.asyncProperty(program, async (calls) => {
        for (const method of await runProgram(ports, calls)) called.add(method);
      }),
      { ...how, examples: [[everyCall]] },
    );
  } finally {
    for (const port of ports) port.close();
  }
  return called;
}

async function runProgram(ports: readonly RawGrpc[], calls: Program): Promise<readonly string[]> {
  const world = new World();
  const askers = world.tenants.map(
    (self) =>
      new Asker(
        ports,
        self.tenantId,
        [...world.tenants, world.bystander].filter((other) => other !== self),
      ),
  );
  const whole = new Asker(ports, "*", []);
  const { answers } = await whole.ask("getHead", { scope: Scope.ALL_TENANTS });
  const start = answers[0]?.head?.cursor ?? "";
  const tenants = world.tenants.map((self, i) => new TenantActor(world, self, askers[i]!));
  const operators = calls.operators.map(() => new OperatorActor(world, whole, start));
  await all([
    ...tenants.map((tenant, i) => tenant.run(calls.tenants[i] ?? [])),
    ...operators.map((operator, i) => operator.run(calls.operators[i] ?? [])),
  ]);
  await all(tenants.map((tenant) => tenant.finish()));
  const logs = tenants.map(({ model }) => model.events);
  await all(operators.map((operator) => operator.finish(logs)));
  return [...askers, whole].flatMap((asker) => [...asker.methods]);
}

/** Waits for every one, also when one fails: nobody still writes when the next program runs. */
async function all(running: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(running);
  await Promise.all(running);
}
