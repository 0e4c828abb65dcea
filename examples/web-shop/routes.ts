import { randomUUID } from "node:crypto";
import { requireTenant, type TenantScopedRepository } from "@annals/client";
import type { PostgresClient } from "@annals/client/postgres";
import type { FastifyInstance } from "fastify";
import type { Order } from "./orders.js";
import { listOrders, statisticsOf } from "./read-model.js";

/** PostgreSQL takes no NUL in text. */
const withoutNul = "^[^\\u0000]*$";

const placeOrder = {
  body: {
    type: "object",
    required: ["customer_id", "customer_name", "total_amount"],
    additionalProperties: false,
    properties: {
      customer_id: { type: "string", format: "uuid" },
      customer_name: { type: "string", minLength: 1, maxLength: 200, pattern: withoutNul },
      total_amount: { type: "number", minimum: 0 },
    },
  },
} as const;

const shipOrder = {
  body: {
    type: "object",
    required: ["tracking_number"],
    additionalProperties: false,
    properties: {
      tracking_number: { type: "string", minLength: 1, maxLength: 100, pattern: withoutNul },
    },
  },
} as const;

const page = {
  querystring: {
    type: "object",
    properties: { limit: { type: "integer", minimum: 1, maximum: 100, default: 20 } },
  },
} as const;

interface PlaceOrder {
  readonly customer_id: string;
  readonly customer_name: string;
  readonly total_amount: number;
}

interface ById {
  readonly id: string;
}

/** The seed of every shop: orders are placed, shipped, looked at and counted, by one tenant each. */
export function addRoutes(
  app: FastifyInstance,
  orders: TenantScopedRepository<Order>,
  database: PostgresClient,
): void {
  app.post<{ Body: PlaceOrder }>("/orders", { schema: placeOrder }, async (request, reply) => {
    const { customer_id: customerId, customer_name: customerName } = request.body;
    const order = orders.create(randomUUID());
    order.place({ customerId, customerName, totalAmount: request.body.total_amount });
    await orders.save(order);
    return reply.code(201).send({ order_id: order.aggregateId, tenant_id: requireTenant() });
  });

  app.get<{ Params: ById }>("/orders/:id", async ({ params }) => {
    const { aggregateId, state, version } = await orders.load(params.id);
    return {
      order_id: aggregateId,
      customer_name: state.customerName,
      total_amount: state.totalAmount,
      status: state.status,
      tracking_number: state.trackingNumber ?? null,
      version: Number(version),
    };
  });

  app.post<{ Params: ById; Body: { readonly tracking_number: string } }>(
    "/orders/:id/shipment",
    { schema: shipOrder },
    async ({ params, body }, reply) => {
      const order = await orders.load(params.id);
      order.ship(body.tracking_number);
      await orders.save(order);
      return reply.code(204).send();
    },
  );

  app.get<{ Querystring: { readonly limit: number } }>("/orders", { schema: page }, ({ query }) =>
    listOrders(database, requireTenant(), query.limit),
  );

  app.get("/statistics", () => statisticsOf(database, requireTenant()));
}
