import { defineEvent, type EventOf } from "@annals/client";
import { z } from "zod";

export const OrderPlaced = defineEvent({
  type: "OrderPlaced",
  aggregateType: "Order",
  schema: z.object({
    customerId: z.uuid(),
    customerName: z.string(),
    totalAmount: z.number().nonnegative(),
  }),
});

export const OrderShipped = defineEvent({
  type: "OrderShipped",
  aggregateType: "Order",
  schema: z.object({ trackingNumber: z.string() }),
});

export const orderEvents = [OrderPlaced, OrderShipped];

export type OrderEvent = EventOf<typeof OrderPlaced> | EventOf<typeof OrderShipped>;
