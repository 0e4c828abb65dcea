import { AggregateRoot, defineEvent, type EventOf } from "@annals/client";
import { z } from "zod";

export const OrderPlaced = defineEvent({
  type: "OrderPlaced",
  aggregateType: "Order",
  schema: z.object({ customerName: z.string(), totalAmount: z.number() }),
});

export const OrderShipped = defineEvent({
  type: "OrderShipped",
  aggregateType: "Order",
  schema: z.object({ trackingNumber: z.string() }),
});

const InvoiceSent = defineEvent({
  type: "InvoiceSent",
  aggregateType: "Invoice",
  schema: z.object({}),
});

export type OrderEvent = EventOf<typeof OrderPlaced> | EventOf<typeof OrderShipped>;

export interface OrderState {
  readonly status: "draft" | "placed" | "shipped";
  readonly totalAmount: number;
}

export class Order extends AggregateRoot<OrderState, OrderEvent> {
  override readonly aggregateType = "Order";

  place(customerName: string, totalAmount: number): void {
    this.raise(OrderPlaced, { customerName, totalAmount });
  }

  ship(trackingNumber: string): void {
    if (this.state.status !== "placed") throw new Error("order must be placed before shipping");
    this.raise(OrderShipped, { trackingNumber });
  }

  /** What a mistaken aggregate would do. */
  raiseForeign(): void {
    this.raise(InvoiceSent, {});
  }

  protected override initialState(): OrderState {
    return { status: "draft", totalAmount: 0 };
  }

  protected override apply(state: OrderState, event: OrderEvent): OrderState {
    return event.eventType === "OrderPlaced"
      ? { status: "placed", totalAmount: event.data.totalAmount }
      : { ...state, status: "shipped" };
  }
}
