import type { AggregateRepository } from "../aggregates/aggregate-repository.js";
import type { AggregateRoot } from "../aggregates/aggregate-root.js";
import type { CallOptions } from "../connection/connection.js";
import { AnnalsError, isAnnalsError } from "../connection/errors.js";
import { requireTenant } from "./context.js";

/**
 * A repository for one tenant: a second wall, inside the application, behind the server's. What
 * belongs to a different tenant is neither saved nor handed out.
 */
export class TenantScopedRepository<Aggregate extends AggregateRoot<unknown, never>> {
  readonly #tenantId: string | undefined;

  /** @param tenantId the tenant; without one, that of the context of each call (`runWithTenant`) */
  constructor(
    private readonly inner: AggregateRepository<Aggregate>,
    tenantId?: string,
  ) {
    this.#tenantId = tenantId;
  }

  /** @throws AnnalsError tenant_required */
  get tenantId(): string {
    return this.#tenantId ?? requireTenant();
  }

  /** A new aggregate of the tenant. @throws AnnalsError foreign_aggregate, tenant_required */
  create(aggregateId: string): Aggregate {
    return this.#assertOwn(this.inner.create(aggregateId), this.tenantId, "create");
  }

  /** @throws AnnalsError foreign_aggregate, aggregate_not_found, tenant_required */
  async load(aggregateId: string, options?: CallOptions): Promise<Aggregate> {
    const { tenantId } = this;
    try {
      return this.#assertOwn(await this.inner.load(aggregateId, options), tenantId, "load");
    } catch (cause) {
      if (!isAnnalsError(cause, "foreign_stream")) throw cause;
      throw foreign(cause.details, cause);
    }
  }

  /** @throws AnnalsError foreign_aggregate: nothing was sent; otherwise as the repository's */
  async save(aggregate: Aggregate, options?: CallOptions): Promise<void> {
    await this.inner.save(this.#assertOwn(aggregate, this.tenantId, "save"), options);
  }

  /** Whether the tenant has this aggregate. @throws AnnalsError tenant_required */
  async exists(aggregateId: string, options?: CallOptions): Promise<boolean> {
    this.#assertTenant();
    return this.inner.exists(aggregateId, options);
  }

  #assertTenant(): void {
    if (this.#tenantId === undefined) requireTenant();
  }

  #assertOwn(aggregate: Aggregate, tenantId: string, action: string): Aggregate {
    if (aggregate.tenantId === tenantId) return aggregate;
    const { aggregateType, aggregateId } = aggregate;
    if (action === "load") throw foreign({ aggregateType, aggregateId });
    const message = `cannot ${action} ${aggregateType} from different tenant`;
    throw new AnnalsError("foreign_aggregate", message, { aggregateType, aggregateId });
  }
}

function foreign(
  details: { aggregateType: string; aggregateId: string },
  cause?: unknown,
): AnnalsError {
  const message = `${details.aggregateType} belongs to different tenant`;
  return new AnnalsError("foreign_aggregate", message, details, { cause });
}
