import { join } from "node:path";
import {
  connect,
  DeclarativeProjection,
  defineProjection,
  type EventOf,
  handles,
  type HandlerContext,
  on,
  ProjectionRunner,
} from "@annals/client";
import { openSqliteProjectionStore } from "@annals/client/sqlite";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

type Database = InstanceType<typeof DatabaseSync>;
type Placed = EventOf<typeof OrderPlaced>;

const insert = (database: Database, { position }: Placed) =>
  void database.prepare("INSERT INTO orders VALUES (?)").run(Number(position));

class Orders extends DeclarativeProjection<Database> {
  @handles(OrderPlaced)
  onPlaced(event: Placed, { transaction }: HandlerContext<Database>) {
    insert(transaction, event);
  }

  override truncate({ transaction }: HandlerContext<Database>) {
    transaction.exec("DELETE FROM orders");
    return Promise.resolve();
  }
}

const withoutClass = defineProjection<Database>({
  handlers: [
    on(OrderPlaced, (event, { transaction }) => {
      insert(transaction, event);
    }),
  ],
  truncate: ({ transaction }) => {
    transaction.exec("DELETE FROM orders");
  },
});

test.each([
  ["decorated methods", new Orders()],
  ["handlers made with `on`", withoutClass],
])("%s write in the transaction of their place", async (_, projection) => {
  const annals = connect({
    address: server.grpcAddress,
    tenant: newTenant(),
    events: [OrderPlaced],
  });
  const database = new DatabaseSync(join(tempFolder(), "orders.db"));
  database.exec("CREATE TABLE orders (position INTEGER PRIMARY KEY)");
  const store = openSqliteProjectionStore(database);
  const runner = new ProjectionRunner(annals, { name: "orders", store, projection });
  onTestFinished(async () => {
    await runner.stop();
    await annals.close();
    database.close();
  });
  const placed = OrderPlaced.create({ customerName: "Ann", totalAmount: 1 });
  const stream = { aggregateType: "Order", aggregateId: "1" };
  await annals.append({ stream, expected: "any", events: [placed] });
  await runner.rebuild();
  expect(database.prepare("SELECT position FROM orders").all()).toEqual([{ position: 1 }]);
});

test("a handler of another transaction does not compile", () => {
  class Wrong extends DeclarativeProjection<string> {
    // @ts-expect-error this projection's transaction is a string
    @handles(OrderPlaced)
    onPlaced(event: Placed, { transaction }: HandlerContext<number>) {
      expect.unreachable(`${event.eventType} ${transaction}`);
    }

    override truncate() {
      return Promise.resolve();
    }
  }
  const wrong = on(OrderPlaced, (event, { transaction }: HandlerContext<number>) => {
    expect.unreachable(`${event.eventType} ${transaction}`);
  });
  // @ts-expect-error this projection's transaction is a string
  defineProjection<string>({ handlers: [wrong], truncate: () => undefined });
  const needsContext = new Orders();
  // @ts-expect-error without a runner there is no transaction to call it with
  const byHand = () => needsContext.handle({} as Placed);
  expect([Wrong, byHand]).toBeDefined();
});
