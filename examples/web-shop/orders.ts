import { AggregateRoot, defineEvent, type EventOf } from "@annals/client";
import { z } from "zod";

/** Text that PostgreSQL keeps: it takes no NUL. */
const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => !value.includes("\0"), "must not contain NUL");

export const OrderPlaced = defineEvent({
  type: "OrderPlaced",
  aggregateType: "Order",
  schema: z.object({
    customerId: z.uuid(),
    customerName: text(200),
    totalAmount: z.number().nonnegative(),
  }),
});

export const OrderShipped = defineEvent({
  type: "OrderShipped",
  aggregateType: "Order",
  schema: z.object({ trackingNumber: text(100) }),
});

export const orderEvents = [OrderPlaced, OrderShipped] as const;

type OrderEvent = EventOf<(typeof orderEvents)[number]>;
type Placed = EventOf<typeof OrderPlaced>["data"];

interface OrderState {
  readonly status: "draft" | "placed" | "shipped";
  readonly customerName: string;
  readonly totalAmount: number;
  readonly trackingNumber: string | undefined;
}

/** A rule of the shop was broken. */
export class OrderRefused extends Error {}

/** An order of one tenant. */
export class Order extends AggregateRoot<OrderState, OrderEvent> {
  override readonly aggregateType = "Order";

  place(placed: Placed): void {
    if (this.version > 0n) throw new OrderRefused("the order is placed already");
    this.raise(OrderPlaced, placed);
  }

  ship(trackingNumber: string): void {
    if (this.state.status !== "placed") {
      throw new OrderRefused("an order must be placed, and not shipped yet");
    }
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
