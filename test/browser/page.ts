import { connect, defineEvent } from "@annals/client";
import { z } from "zod";

// What runs in the page: appends, follows what it appended, meets an error with its type, and reports.

const OrderPlaced = defineEvent({
  type: "OrderPlaced",
  aggregateType: "Order",
  schema: z.object({ total: z.number() }),
});

/** What the test asks of the page. */
export interface PageTask {
  readonly address: string;
  readonly tenant: string;
}

/** What the page found. */
export interface PageReport {
  readonly followed: readonly { readonly total: number; readonly position: string }[];
  readonly caughtUp: boolean;
  readonly conflict: string;
  readonly afterClose: string;
}

async function run({ address, tenant }: PageTask): Promise<PageReport> {
  const annals = connect({ address, tenant, events: [OrderPlaced] });
  const stream = { aggregateType: "Order", aggregateId: "1" };
  const append = (total: number, expected: bigint | "any") =>
    annals.append({ stream, expected, events: [OrderPlaced.create({ total })] });
  await append(1, "any");
  const followed: PageReport["followed"][number][] = [];
  let caughtUp = false;
  for await (const { events, mark } of annals.readAll({ follow: true }).pages()) {
    for (const { data, position } of events) {
      const { total } = data as { total: number };
      followed.push({ total, position: String(position) });
    }
    if (mark === "caught_up") {
      caughtUp = true;
      await append(2, 1n);
    }
    if (followed.length === 2) break;
  }
  const conflict = await append(3, 1n).then(() => "none", codeOf);
  await annals.close();
  return { followed, caughtUp, conflict, afterClose: await append(4, "any").then(String, codeOf) };
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error);
}

const task = (await (await fetch("/task")).json()) as PageTask;
const report = await run(task).catch((error: unknown) => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
