import { DeclarativeProjection, type EventOf, handles } from "@annals/client";
import { OrderPlaced, OrderShipped } from "./events.js";

export interface OrderRow {
  readonly orderId: string;
  readonly customerName: string;
  readonly totalAmount: number;
  status: "placed" | "shipped";
}

/** The orders of one tenant. Events of others, should any come, are passed over. */
export class TenantOrders extends DeclarativeProjection {
  readonly #orders = new Map<string, OrderRow>();

  constructor(private readonly tenantId: string) {
    super();
  }

  @handles(OrderPlaced)
  onPlaced(event: EventOf<typeof OrderPlaced>): void {
    if (event.tenantId !== this.tenantId) return;
    const { customerName, totalAmount } = event.data;
    const orderId = event.aggregateId;
    this.#orders.set(orderId, { orderId, customerName, totalAmount, status: "placed" });
  }

  @handles(OrderShipped)
  onShipped(event: EventOf<typeof OrderShipped>): void {
    if (event.tenantId !== this.tenantId) return;
    const order = this.#orders.get(event.aggregateId);
    if (order) order.status = "shipped";
  }

  override truncate(): Promise<void> {
    this.#orders.clear();
    return Promise.resolve();
  }

  get orders(): readonly OrderRow[] {
    return [...this.#orders.values()];
  }
}

export interface TenantStats {
  readonly tenantId: string;
  orderCount: number;
  totalRevenue: number;
}

/** Orders and revenue of every tenant: an operator's view. */
export class GlobalStats extends DeclarativeProjection {
  readonly #stats = new Map<string, TenantStats>();

  @handles(OrderPlaced)
  onPlaced({ tenantId, data }: EventOf<typeof OrderPlaced>): void {
    const stats = this.#stats.get(tenantId) ?? { tenantId, orderCount: 0, totalRevenue: 0 };
    stats.orderCount++;
    stats.totalRevenue += data.totalAmount;
    this.#stats.set(tenantId, stats);
  }

  override truncate(): Promise<void> {
    this.#stats.clear();
    return Promise.resolve();
  }

  get all(): readonly TenantStats[] {
    return [...this.#stats.values()];
  }
}
