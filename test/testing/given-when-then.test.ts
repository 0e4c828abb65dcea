import { AssertionError } from "node:assert";
import { DeclarativeProjection, type EventOf, handles, withCausation } from "@annals/client";
import {
  givenAggregate,
  givenDecider,
  givenProjection,
  recorded,
  sequentialIds,
  steppingClock,
  withTimeAndIds,
} from "@annals/client/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import { Order, OrderPlaced, OrderShipped } from "../support/orders.js";

const placed = (totalAmount = 5) => OrderPlaced.create({ customerName: "Ann", totalAmount });
const shipped = (trackingNumber = "T") => OrderShipped.create({ trackingNumber });
const ship = (order: Order) => {
  order.ship("T");
};

describe("givenAggregate", () => {
  test("holds what a command raises and the state after it, by type and data", () => {
    givenAggregate(new Order("1"), [placed()])
      .when(ship)
      .thenEvents([shipped()])
      .thenState({ status: "shipped", totalAmount: 5 });
  });

  test("fails with a difference when something else happened, or nothing", () => {
    const outcome = givenAggregate(new Order("1"), [placed()]).when(ship);
    for (const wrong of [[shipped("other")], [], [placed()], [shipped(), shipped()]]) {
      expect(() => outcome.thenEvents(wrong)).toThrow(AssertionError);
    }
    expect(() => outcome.thenState({ status: "placed", totalAmount: 5 })).toThrow(/shipped/);
    expect(() => outcome.thenThrows()).toThrow(/OrderShipped/);
  });

  test("holds why a command is refused, and throws a refusal that was not expected", () => {
    const outcome = givenAggregate(new Order("1"))
      .when(ship)
      .thenThrows(/must be placed/);
    expect(() => outcome.thenThrows(/another reason/)).toThrow();
    expect(() => outcome.thenEvents([])).toThrow("order must be placed before shipping");
  });

  test("waits for a command that is asynchronous, and holds what it raises or refuses", async () => {
    const shipLater = async (order: Order): Promise<void> => {
      await Promise.resolve();
      order.ship("T");
    };
    const outcome = await givenAggregate(new Order("1"), [placed()]).when(shipLater);
    outcome.thenEvents([shipped()]).thenState({ status: "shipped", totalAmount: 5 });
    expect(() => outcome.thenEvents([])).toThrow(AssertionError);
    const refused = await givenAggregate(new Order("1")).when(shipLater);
    refused.thenThrows(/must be placed/);
    const pending = givenAggregate(new Order("1")).when(shipLater);
    expectTypeOf(pending).not.toHaveProperty("thenEvents");
    expect(pending).not.toHaveProperty("thenEvents");
    await pending;
  });

  test("takes a command that only throws, and one that is asynchronous at times", async () => {
    const order = (): Order => new Order("1");
    const fail = (): never => {
      throw new RangeError("no");
    };
    givenAggregate(order()).when(fail).thenThrows(/no/);
    const atTimes = givenAggregate(order()).when((each) =>
      each.version > 0n ? Promise.resolve() : undefined,
    );
    expectTypeOf(atTimes).not.toHaveProperty("thenEvents");
    (await atTimes).thenEvents([]);
  });
});

describe("givenDecider", () => {
  test("folds its history, decides and folds what it decides, over events of this package", () => {
    const decider = {
      initialState: () => ({ total: 0, versions: [] as bigint[] }),
      decide: (amount: number, { total }: { total: number }) => {
        if (total + amount > 10) throw new RangeError("too much");
        return amount === 0 ? [] : placed(amount);
      },
      evolve: (
        state: { total: number; versions: bigint[] },
        event: EventOf<typeof OrderPlaced>,
      ) => ({
        total: state.total + event.data.totalAmount,
        versions: [...state.versions, event.aggregateVersion],
      }),
    };
    givenDecider(decider, [placed(5)])
      .when(3)
      .thenEvents([placed(3)])
      .thenState({ total: 8, versions: [1n, 2n] });
    givenDecider(decider).when(0).thenEvents([]);
    givenDecider(decider, [placed(5)])
      .when(6)
      .thenThrows(RangeError);
  });

  test("waits for a decide that is asynchronous, and holds what it decides or refuses", async () => {
    const decider = {
      initialState: () => 0,
      decide: async (amount: number) => {
        await Promise.resolve();
        if (amount > 10) throw new RangeError("too much");
        return placed(amount);
      },
      evolve: (total: number, event: EventOf<typeof OrderPlaced>) => total + event.data.totalAmount,
    };
    const given = givenDecider(decider, [placed(5)]);
    const pending = given.when(3);
    expectTypeOf(pending).not.toHaveProperty("thenEvents");
    expect(pending).not.toHaveProperty("thenEvents");
    (await pending).thenEvents([placed(3)]).thenState(8);
    (await given.when(11)).thenThrows(RangeError);
  });

  test("takes plain events, too", () => {
    interface Added {
      readonly type: "added";
      readonly n: number;
    }
    const decider = {
      initialState: () => 0,
      decide: (n: number): Added[] => [{ type: "added", n }],
      evolve: (state: number, { n }: Added) => state + n,
    };
    const outcome = givenDecider(decider, [{ type: "added", n: 1 }]).when(2);
    outcome.thenEvents([{ type: "added", n: 2 }]).thenState(3);
    expect(() => outcome.thenEvents([{ type: "added", n: 1 }])).toThrow(AssertionError);
  });
});

describe("givenProjection", () => {
  class Totals extends DeclarativeProjection {
    readonly byTenant: Record<string, number> = {};
    forgetful = true;
    @handles(OrderPlaced)
    onPlaced({ tenantId, data }: EventOf<typeof OrderPlaced>) {
      this.byTenant[tenantId] = (this.byTenant[tenantId] ?? 0) + data.totalAmount;
    }
    override truncate() {
      if (this.forgetful)
        for (const tenant of Object.keys(this.byTenant)) this.byTenant[tenant] = 0;
      return Promise.resolve();
    }
  }

  test("holds the read model after events, and that it can be built anew", async () => {
    const events = [placed(), recorded(placed(7), { tenantId: "b" }), shipped()];
    const given = await givenProjection(new Totals(), events);
    given.thenState(({ byTenant }) => byTenant, { tenant: 5, b: 7 });
    await given.thenRebuilds(({ byTenant }) => byTenant);
    expect(() => given.thenState(({ byTenant }) => byTenant, {})).toThrow(AssertionError);
  });

  test("compares what objects of classes hold", async () => {
    class Money {
      constructor(readonly amount: number) {}
    }
    let total = new Money(0);
    let begin = 0;
    const projection = {
      handle: () => void (total = new Money(total.amount + 5)),
      truncate: () => void (total = new Money(begin)),
    };
    const given = await givenProjection(projection, [placed()]);
    await given.thenRebuilds(() => ({ total }));
    begin = 1;
    await expect(given.thenRebuilds(() => ({ total }))).rejects.toThrow(AssertionError);
  });

  test("finds a truncate that leaves something behind", async () => {
    const totals = new Totals();
    totals.forgetful = false;
    const given = await givenProjection(totals, [placed()]);
    await expect(given.thenRebuilds(({ byTenant }) => byTenant)).rejects.toThrow(AssertionError);
  });
});

describe("time and ids", () => {
  test("are the test's, through awaits and in a chain, and the system's outside", async () => {
    const now = new Date("2026-01-02T03:04:05.000Z");
    const newEventId = sequentialIds();
    const [first, second] = await withTimeAndIds({ now, newEventId }, async () => {
      const cause = placed();
      await Promise.resolve();
      return [cause, withCausation(cause, () => shipped())];
    });
    expect(first).toMatchObject({
      eventId: "00000000-0000-7000-8000-000000000001",
      occurredAt: now,
    });
    expect(second).toMatchObject({
      eventId: "00000000-0000-7000-8000-000000000002",
      causationId: first?.eventId,
    });
    expect(placed().eventId).not.toMatch(/^00000000/);
  });

  test("may go on step by step", () => {
    const now = steppingClock(new Date(0), 1_000);
    const times = withTimeAndIds({ now }, () => [placed(), placed(), placed()]);
    expect(times.map(({ occurredAt }) => occurredAt.getTime())).toEqual([0, 1_000, 2_000]);
  });
});
