import type { AggregateRepository, LoadOptions } from "../aggregates/aggregate-repository.js";
import type { AggregateRoot } from "../aggregates/aggregate-root.js";
import { carryOut, type ExecuteOptions, type WorkOn } from "../aggregates/execute.js";
import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import { requireTenant, runWithTenant } from "./context.js";
import { audited, type TenantHooks } from "./tenant-hooks.js";

/**
 * A repository for one tenant: a second wall, inside the application, behind the server's. What
 * belongs to a different tenant is neither saved nor handed out.
 *
 * Its calls run in the context of its tenant, so that a client made with `tenant: requireTenant`
 * acts for the same one, whatever the context outside.
 */
export class TenantScopedRepository<Aggregate extends AggregateRoot<unknown, never>> {
  readonly #tenantId: string | undefined;

  /**
   * @param tenantId the tenant; undefined: that of the context of each call (`runWithTenant`)
   * @param hooks limits of the application's own, and its audit. Default: none
   */
  constructor(
    private readonly inner: AggregateRepository<Aggregate>,
    tenantId?: string,
    private readonly hooks: TenantHooks<Aggregate> = {},
  ) {
    this.#tenantId = tenantId;
  }

  /** @throws AnnalsError tenant_required */
  get tenantId(): string {
    return this.#tenantId ?? requireTenant();
  }

  /** A new aggregate of the tenant. @throws AnnalsError foreign_aggregate, tenant_required */
  create(aggregateId: string): Aggregate {
    const { tenantId } = this;
    const aggregate = runWithTenant(tenantId, () => this.inner.create(aggregateId));
    return assertOwn(aggregate, tenantId, "create");
  }

  /** @throws AnnalsError foreign_aggregate, aggregate_not_found, tenant_required */
  load(aggregateId: string, options?: LoadOptions): Promise<Aggregate> {
    return this.#own("load", aggregateId, () => this.inner.load(aggregateId, options));
  }

  /** The aggregate, or a new one. @throws AnnalsError foreign_aggregate, tenant_required */
  loadOrCreate(aggregateId: string, options?: CallOptions): Promise<Aggregate> {
    return this.#own("load", aggregateId, () => this.inner.loadOrCreate(aggregateId, options));
  }

  /** As the repository's. @throws AnnalsError foreign_aggregate: nothing was done; tenant_required */
  async execute(
    aggregateId: string,
    work: WorkOn<Aggregate>,
    options?: ExecuteOptions,
  ): Promise<Aggregate> {
    const { tenantId } = this;
    const onOwn = async (aggregate: Aggregate): Promise<void> => {
      await carryOut(assertOwn(aggregate, tenantId, "save"), work);
      await this.#assertMaySave(aggregate, tenantId);
    };
    return this.#own("save", aggregateId, () => this.inner.execute(aggregateId, onOwn, options));
  }

  /** @throws AnnalsError foreign_aggregate: nothing was sent; otherwise as the repository's */
  async save(aggregate: Aggregate, options?: CallOptions): Promise<void> {
    const { tenantId } = this;
    await this.#audited("save", tenantId, aggregate, async () => {
      assertOwn(aggregate, tenantId, "save");
      await runWithTenant(tenantId, async () => {
        await this.#assertMaySave(aggregate, tenantId);
        await this.inner.save(aggregate, options);
      });
    });
  }

  /** Whether the tenant has this aggregate. @throws AnnalsError tenant_required */
  async exists(aggregateId: string, options?: CallOptions): Promise<boolean> {
    return runWithTenant(this.tenantId, () => this.inner.exists(aggregateId, options));
  }

  async #own(
    action: "load" | "save",
    aggregateId: string,
    run: () => Promise<Aggregate>,
  ): Promise<Aggregate> {
    const { tenantId } = this;
    const asked = runWithTenant(tenantId, () => this.inner.create(aggregateId));
    return this.#audited(action, tenantId, asked, async () => {
      try {
        return assertOwn(await runWithTenant(tenantId, run), tenantId, action);
      } catch (cause) {
        if (!isAnnalsError(cause, "foreign_stream")) throw cause;
        throw foreign(cause.details, cause);
      }
    });
  }

  #audited<T>(
    action: "load" | "save",
    tenantId: string,
    { aggregateType, aggregateId }: Aggregate,
    run: () => Promise<T>,
  ): Promise<T> {
    return audited(this.hooks.onAccess, { action, tenantId, aggregateType, aggregateId }, run);
  }

  async #assertMaySave(aggregate: Aggregate, tenantId: string): Promise<void> {
    if (aggregate.uncommittedEvents.length === 0) return;
    await this.hooks.beforeSave?.(aggregate, tenantId);
  }
}

/** An aggregate that knows no tenant is nobody's, and so refused, too. */
function assertOwn<Aggregate extends AggregateRoot<unknown, never>>(
  aggregate: Aggregate,
  tenantId: string,
  action: "create" | "load" | "save",
): Aggregate {
  // The log has tenants in lower case, a caller may not.
  if (aggregate.tenantId?.toLowerCase() === tenantId.toLowerCase()) return aggregate;
  const { aggregateType, aggregateId } = aggregate;
  if (action === "load") throw foreign({ aggregateType, aggregateId });
  const message = `cannot ${action} ${aggregateType} from different tenant`;
  throw new AnnalsError("foreign_aggregate", message, { aggregateType, aggregateId });
}

function foreign(
  details: { readonly aggregateType: string; readonly aggregateId: string },
  cause?: unknown,
): AnnalsError {
  const message = `${details.aggregateType} belongs to different tenant`;
  return new AnnalsError("foreign_aggregate", message, details, { cause });
}
