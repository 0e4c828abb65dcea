import {
  connect,
  DeclarativeProjection,
  defineEvent,
  defineProjection,
  type DomainEvent,
  handles,
  on,
} from "@annals/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { AnnalsServer } from "#server/compose.js";
import { OrderPlaced } from "../support/orders.js";
import { newTenant, startTestServer } from "../support/server.js";
import { failureOf } from "./support/failure.js";

let server: AnnalsServer;
let placed: DomainEvent;
beforeAll(async () => {
  server = await startTestServer();
  await using annals = connect({ address: server.grpcAddress, tenant: newTenant() });
  const stream = { aggregateType: "Order", aggregateId: "1" };
  const events = [OrderPlaced.create({ customerName: "Ann", totalAmount: 1 })];
  await annals.append({ stream, expected: "any", events });
  placed = (await annals.read(stream).toArray())[0]!;
});
afterAll(() => server.stop());

class Base extends DeclarativeProjection {
  readonly calls: string[] = [];

  @handles(OrderPlaced)
  onPlaced(): void {
    this.calls.push("base");
  }

  override truncate(): Promise<void> {
    this.calls.length = 0;
    return Promise.resolve();
  }
}

describe("handler methods", () => {
  test("a subclass's override is called, once, marked again or not", async () => {
    class Plain extends Base {
      override onPlaced(): void {
        this.calls.push("plain");
      }
    }
    class Marked extends Base {
      @handles(OrderPlaced)
      override onPlaced(): void {
        super.onPlaced();
        this.calls.push("marked");
      }
    }
    const [plain, marked] = [new Plain(), new Marked()];
    await plain.handle(placed);
    await marked.handle(placed);
    expect(plain.calls).toEqual(["plain"]);
    expect(marked.calls).toEqual(["base", "marked"]);
  });

  test("a private method handles, and another class's of the same name is another handler", async () => {
    class Private extends DeclarativeProjection {
      count = 0;
      @handles(OrderPlaced)
      #onPlaced(): void {
        this.count++;
      }
      override truncate(): Promise<void> {
        return Promise.resolve();
      }
    }
    class AlsoPrivate extends Private {
      @handles(OrderPlaced)
      #onPlaced(): void {
        this.count--;
      }
    }
    const projection = new Private();
    await projection.handle(placed);
    expect(projection.count).toBe(1);
    await failureOf(() => new AlsoPrivate(), "duplicate_definition");
  });

  test("called as a decorator of older TypeScript, it says what is wrong", async () => {
    const legacy = handles(OrderPlaced) as unknown as (prototype: object, name: string) => void;
    const refused = await failureOf(() => {
      legacy(Base.prototype, "onPlaced");
    }, "invalid_options");
    expect(refused.message).toContain("experimentalDecorators");
  });

  test("kinds of event whose names only run together alike are not mixed up", async () => {
    const define = (aggregateType: string, type: string) =>
      defineEvent({ aggregateType, type, schema: z.object({}) });
    const [one, other] = [define("A/B", "C"), define("A", "B/C")];
    const calls: string[] = [];
    const projection = defineProjection({
      handlers: [on(one, () => void calls.push("one")), on(other, () => void calls.push("other"))],
      truncate: () => undefined,
    });
    await projection.handle({ ...placed, aggregateType: "A", eventType: "B/C" });
    expect(calls).toEqual(["other"]);
    const annals = connect({ address: server.grpcAddress, tenant: "x", events: [one, other] });
    await annals.close();
  });
});
