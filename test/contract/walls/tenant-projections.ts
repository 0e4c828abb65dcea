import { ErrorReason } from "@annals/proto/annals/v1/error";
import { expect } from "vitest";
import type { Asker } from "./asker.js";
import { eventIdOf, type MarkedTenant, names } from "./marks.js";
import type { TenantCall } from "./program.js";
import type { World } from "./world.js";

type ProjectionCall = Extract<TenantCall, { readonly kind: "projection" }>;

interface Kept {
  place: string | undefined;
  readonly letters: Set<string>;
}

/** A tenant's projections, held against a model of them. It uses names of its own and of the others. */
export class TenantProjections {
  readonly #kept = new Map<string, Kept>();
  #steps = 0;

  constructor(
    private readonly world: World,
    private readonly self: MarkedTenant,
    private readonly asker: Asker,
  ) {}

  async run({ named, how }: ProjectionCall): Promise<void> {
    const name = this.#nameOf(this.world.tenant(named.owner), named.n);
    // It makes only names of its own, or of all: another's would come back to it as if they had leaked.
    const made = named.owner === "shared" ? name : this.#nameOf(this.self, named.n);
    switch (how) {
      case "progress":
        return this.#save(made, undefined);
      case "give up":
        return this.#save(made, eventIdOf(this.self, named.n));
      case "mend":
        return this.#mend(name, eventIdOf(this.world.tenant(named.owner), named.n));
      case "lease":
        return this.#lease(made);
      case "get":
        return this.#get(name);
      case "list":
        return this.#list();
      case "letters":
        return this.#letters(name);
      case "delete":
        return this.#delete(name);
      default:
        return how satisfies never;
    }
  }

  #nameOf(owner: MarkedTenant | undefined, n: number): string {
    return `${owner?.marks.projection ?? "shared"}-${n % names}`;
  }

  /** Claims the projection and moves it on, with a dead letter or without. */
  async #save(name: string, eventId: string | undefined): Promise<void> {
    const fence = await this.#claim(name);
    const { marks } = this.self;
    const place = `${marks.place}-${++this.#steps}`;
    const deadLetter = eventId && { eventId, position: 1n, attempts: 1, error: marks.deadLetter };
    const request = { name, fence, place, ...(deadLetter && { deadLetter }) };
    expect((await this.asker.ask("saveProgress", request)).status).toBe(0);
    const kept = this.#kept.get(name)!;
    kept.place = place;
    if (eventId) kept.letters.add(eventId);
  }

  async #claim(name: string): Promise<bigint> {
    const { answers } = await this.asker.ask("acquireProjection", { name });
    const [answer] = answers;
    const kept = this.#kept.get(name) ?? { place: undefined, letters: new Set<string>() };
    this.#kept.set(name, kept);
    expect([answer?.acquired, answer?.projection?.place]).toEqual([true, kept.place]);
    return answer?.projection?.fence ?? 0n;
  }

  async #mend(name: string, eventId: string): Promise<void> {
    expect((await this.asker.ask("removeDeadLetter", { name, eventId })).status).toBe(0);
    this.#kept.get(name)?.letters.delete(eventId);
  }

  /** Takes a lease, keeps it, lets go of it; a claim of before it is worth nothing. */
  async #lease(name: string): Promise<void> {
    const old = await this.#claim(name);
    const leased = { name, leaseMs: 60_000 };
    const { answers } = await this.asker.ask("acquireProjection", leased);
    const fence = answers[0]?.projection?.fence ?? 0n;
    expect(fence).toBeGreaterThan(old);
    expect((await this.asker.ask("acquireProjection", leased)).answers[0]?.acquired).toBe(false);
    const late = await this.asker.ask("renewProjection", { ...leased, fence: old });
    expect(late.detail?.reason).toBe(ErrorReason.REVISION_CONFLICT);
    expect((await this.asker.ask("renewProjection", { ...leased, fence })).status).toBe(0);
    expect((await this.asker.ask("releaseProjection", { name, fence })).status).toBe(0);
  }

  async #get(name: string): Promise<void> {
    const { answers } = await this.asker.ask("getProjection", { name });
    const kept = this.#kept.get(name);
    expect([Boolean(answers[0]?.projection), answers[0]?.projection?.place]).toEqual([
      kept !== undefined,
      kept?.place,
    ]);
  }

  async #list(): Promise<void> {
    const { answers } = await this.asker.ask("listProjections", {});
    expect(answers[0]?.projections.map(({ name, place }) => [name, place])).toEqual(
      [...this.#kept].map(([name, { place }]) => [name, place]).sort(byFirst),
    );
  }

  async #letters(name: string): Promise<void> {
    const { answers } = await this.asker.ask("listDeadLetters", { name });
    const letters = answers[0]?.deadLetters ?? [];
    expect(letters.map(({ eventId }) => eventId)).toEqual(
      [...(this.#kept.get(name)?.letters ?? [])].sort(),
    );
    for (const { tenantId, error } of letters) {
      expect([tenantId, error]).toEqual([this.self.tenantId, this.self.marks.deadLetter]);
    }
  }

  async #delete(name: string): Promise<void> {
    expect((await this.asker.ask("deleteProjection", { name })).status).toBe(0);
    this.#kept.delete(name);
  }
}

function byFirst(
  [a]: readonly (string | undefined)[],
  [b]: readonly (string | undefined)[],
): number {
  return (a ?? "") < (b ?? "") ? -1 : 1;
}
