import { type ReadAllResponse, Scope } from "@annals/proto/annals/v1/event_store";
import { expect } from "vitest";
import type { RecordedEvent } from "#server/domain/event.js";
import type { Asked, Asker } from "./asker.js";
import { OperatorAdmin } from "./operator-admin.js";
import type { OperatorCall } from "./program.js";
import { eventsOf, seen, shown } from "./wire-event.js";
import type { World } from "./world.js";

const scope = Scope.ALL_TENANTS;

/** One that reads the whole log while the tenants write. What it saw is checked when they are done. */
export class OperatorActor {
  readonly #readings: { answers: () => readonly ReadAllResponse[]; backwards: boolean }[] = [];
  readonly #following: Asked<ReadAllResponse>[] = [];
  readonly #admin: OperatorAdmin;
  #highest = 0n;

  /** @param start cursor of the whole log when the run began */
  constructor(
    private readonly world: World,
    private readonly asker: Asker,
    private readonly start: string,
  ) {
    this.#admin = new OperatorAdmin(world, asker);
  }

  async run(calls: readonly OperatorCall[]): Promise<void> {
    for (const call of calls) {
      if (call.kind === "readWhole") await this.#read(call);
      else if (call.kind === "wholeHead") await this.#head();
      else if (call.kind === "followWhole") this.#following.push(this.#follow());
      else if (call.kind === "actAsTenant") await this.#actAsTenant();
      else if (call.kind === "projections") await this.#projections();
      else await this.#admin.run(call);
    }
  }

  /** @param logs of each tenant, as they must be now */
  async finish(logs: readonly (readonly RecordedEvent[])[]): Promise<void> {
    await this.#admin.finish(logs.map((log) => log.length));
    const count = logs.reduce((sum, log) => sum + log.length, 0);
    for (const asked of [...this.#following, this.#follow()]) {
      await asked.call.until(() => eventsOf(asked.answers()).length >= count);
      asked.call.cancel();
      expect(eventsOf(asked.answers())).toHaveLength(count);
      this.#readings.push({ answers: asked.answers, backwards: false });
    }
    const byPlace = new Map(
      logs.flatMap((log) => log.map((event) => [placeOf(event), shown(event)] as const)),
    );
    for (const { answers, backwards } of this.#readings) {
      const places = globalPositionsOf(answers());
      expect(places).toEqual(places.toSorted((a, b) => Number(backwards ? b - a : a - b)));
      for (const event of eventsOf(answers()))
        expect(seen(event)).toEqual(byPlace.get(placeOf(event)));
    }
  }

  async #read({ direction, ofTenants }: Extract<OperatorCall, { kind: "readWhole" }>) {
    const tenantIds = ofTenants.map((i) => this.world.tenants[i]!.tenantId);
    const backwards = direction === "backwards";
    const all = this.world.tenants.map(({ tenantId }) => tenantId);
    const { status, answers } = await this.asker.ask("readAll", {
      scope,
      start: backwards
        ? { case: "beforeCursor", value: "" }
        : { case: "afterCursor", value: this.start },
      filter: { tenantIds: backwards && tenantIds.length === 0 ? all : tenantIds },
    });
    expect(status).toBe(0);
    const events = eventsOf(answers);
    const allowed: readonly string[] = tenantIds.length === 0 ? all : tenantIds;
    for (const tenantId of all) {
      // What was there of each tenant, from its first event on and without a hole.
      const positions = events.filter((e) => e.tenantId === tenantId).map((e) => e.position);
      if (backwards) positions.reverse();
      expect(positions).toEqual(positions.map((_, i) => BigInt(i + 1)));
      if (!allowed.includes(tenantId)) expect(positions).toEqual([]);
    }
    this.#readings.push({ answers: () => answers, backwards });
  }

  async #head(): Promise<void> {
    const { answers } = await this.asker.ask("getHead", { scope });
    const place = answers[0]?.head?.globalPosition ?? -1n;
    expect(place).toBeGreaterThanOrEqual(this.#highest);
    this.#highest = place;
  }

  #follow(): Asked<ReadAllResponse> {
    return this.asker.open("readAll", {
      scope,
      start: { case: "afterCursor", value: this.start },
      follow: true,
    });
  }

  /** The whole log's projections are apart from every tenant's: here there are none. */
  async #projections(): Promise<void> {
    const { answers } = await this.asker.ask("listProjections", { scope });
    expect(answers.map(({ projections }) => projections)).toEqual([[]]);
    for (const { marks } of this.world.tenants) {
      const name = `${marks.projection}-0`;
      const letters = (await this.asker.ask("listDeadLetters", { scope, name })).answers;
      expect(letters.map(({ deadLetters }) => deadLetters)).toEqual([[]]);
    }
  }

  /** An operator has no tenant to act for. */
  async #actAsTenant(): Promise<void> {
    const stream = this.world.stream(0, 0);
    for (const { status } of [
      await this.asker.ask("getStream", { stream }),
      await this.asker.ask("read", { stream }),
      await this.asker.ask("readAll", {}),
      await this.asker.ask("listProjections", {}),
      await this.asker.ask("getEventsByType", { aggregateType: stream.aggregateType }),
    ]) {
      expect(status).toBe(7);
    }
  }
}

function placeOf({ tenantId, position }: { tenantId: string; position: bigint }): string {
  return `${tenantId} ${String(position)}`;
}

function globalPositionsOf(answers: readonly ReadAllResponse[]): bigint[] {
  return answers.flatMap(({ answer }) =>
    answer.case === "page" ? answer.value.globalPositions : [],
  );
}
