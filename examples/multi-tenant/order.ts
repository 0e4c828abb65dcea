import { AggregateRoot } from "@annals/client";
import { type OrderEvent, OrderPlaced, OrderShipped } from "./events.js";

export interface OrderState {
  readonly status: "draft" | "placed" | "shipped";
  readonly customerName: string;
  readonly totalAmount: number;
  readonly trackingNumber: string | undefined;
}

/** An order, of one tenant from its first event on. */
export class Order extends AggregateRoot<OrderState, OrderEvent> {
  override readonly aggregateType = "Order";

  place(customerId: string, customerName: string, totalAmount: number): void {
    if (this.version > 0n) throw new Error("order already placed");
    if (this.tenantId === undefined) throw new Error("tenant context required");
    this.raise(OrderPlaced, { customerId, customerName, totalAmount });
  }

  ship(trackingNumber: string): void {
    if (this.state.status !== "placed") throw new Error("order must be placed before shipping");
    this.raise(OrderShipped, { trackingNumber });
  }

  protected override initialState(): OrderState {
    return { status: "draft", customerName: "", totalAmount: 0, trackingNumber: undefined };
  }

  protected override apply(state: OrderState, event: OrderEvent): OrderState {
    switch (event.eventType) {
      case "OrderPlaced": {
        const { customerName, totalAmount } = event.data;
        return { ...state, status: "placed", customerName, totalAmount };
      }
      case "OrderShipped":
        return { ...state, status: "shipped", trackingNumber: event.data.trackingNumber };
      default:
        return event satisfies never;
    }
  }
}
