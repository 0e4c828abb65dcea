import type { Tenant } from "@annals/proto/annals/v1/tenants";
import { expect } from "vitest";
import type { Asker } from "./asker.js";
import type { OperatorCall } from "./program.js";
import type { World } from "./world.js";

type AdminCall = Extract<
  OperatorCall,
  { readonly kind: "configure" | "describe" | "list" | "suspendBystander" }
>;

/** An operator that describes and configures the tenants while they work, and suspends one that does not. */
export class OperatorAdmin {
  constructor(
    private readonly world: World,
    private readonly asker: Asker,
  ) {}

  async run(call: AdminCall): Promise<void> {
    if (call.kind === "configure") await this.#configure(call.tenant, call.n);
    else if (call.kind === "describe") await this.#describe(call.tenant);
    else if (call.kind === "list") await this.#list();
    else await this.#suspendBystander(call.resume);
  }

  /** @param counts of the tenants' events, as they must be now */
  async finish(counts: readonly number[]): Promise<void> {
    for (const [i, count] of counts.entries()) {
      const tenant = await this.#describe(i);
      expect([tenant?.eventCount, tenant?.lastPosition]).toEqual([BigInt(count), BigInt(count)]);
      expect(tenant?.suspension).toBeUndefined();
    }
  }

  async #configure(index: number, n: number): Promise<void> {
    const tenant = this.world.tenants[index]!;
    const { displayName, features } = this.world.configurationOf(tenant, n);
    this.world.configures(tenant, n);
    const { answers } = await this.asker.ask("configureTenant", {
      tenantId: tenant.tenantId,
      displayName,
      features: { features: [...features] },
    });
    this.#expectTenant(index, answers[0]?.tenant);
  }

  async #describe(index: number): Promise<Tenant | undefined> {
    const { tenantId } = this.world.tenants[index]!;
    const { answers } = await this.asker.ask("describeTenant", { tenantId });
    this.#expectTenant(index, answers[0]?.tenant);
    return answers[0]?.tenant;
  }

  /** Every tenant of this server, those of other runs too. */
  async #list(): Promise<void> {
    const listed: Tenant[] = [];
    let pageToken = "";
    do {
      const { answers } = await this.asker.ask("listTenants", { pageSize: 100, pageToken });
      listed.push(...(answers[0]?.tenants ?? []));
      pageToken = answers[0]?.nextPageToken ?? "";
    } while (pageToken !== "");
    const ids = listed.map(({ tenantId }) => tenantId);
    expect(ids).toEqual([...new Set(ids)].toSorted());
    for (const [i, { tenantId }] of this.world.tenants.entries()) {
      const tenant = listed.find((one) => one.tenantId === tenantId);
      if (tenant) this.#expectTenant(i, tenant);
    }
  }

  /** Of which the others must notice nothing. */
  async #suspendBystander(resume: boolean): Promise<void> {
    const { tenantId, marks } = this.world.bystander;
    const { status } = resume
      ? await this.asker.ask("resumeTenant", { tenantId })
      : await this.asker.ask("suspendTenant", { tenantId, reason: marks.displayName });
    expect(status).toBe(0);
  }

  #expectTenant(index: number, tenant: Tenant | undefined): void {
    const marked = this.world.tenants[index]!;
    expect(tenant?.tenantId).toBe(marked.tenantId);
    this.world.expectConfigured(marked, tenant);
  }
}
