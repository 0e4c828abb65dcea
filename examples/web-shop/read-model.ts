import { defineProjection, on, type Projection } from "@annals/client";
import type { PostgresClient } from "@annals/client/postgres";
import { OrderPlaced, OrderShipped } from "./orders.js";

/** The tenant is first in the key, and in every query. */
export const schema = `
CREATE TABLE IF NOT EXISTS shop_orders (
  tenant_id uuid,
  order_id text,
  customer_name text NOT NULL,
  total_amount double precision NOT NULL,
  status text NOT NULL,
  placed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, order_id)
)`;

/** All tenants' orders, kept in one transaction with the projection's place. */
export const ordersProjection: Projection<PostgresClient> = defineProjection<PostgresClient>({
  handlers: [
    on(OrderPlaced, async ({ tenantId, aggregateId, occurredAt, data }, { transaction }) => {
      await transaction.query("INSERT INTO shop_orders VALUES ($1, $2, $3, $4, 'placed', $5)", [
        tenantId,
        aggregateId,
        data.customerName,
        data.totalAmount,
        occurredAt,
      ]);
    }),
    on(OrderShipped, async ({ tenantId, aggregateId }, { transaction }) => {
      await transaction.query(
        "UPDATE shop_orders SET status = 'shipped' WHERE tenant_id = $1 AND order_id = $2",
        [tenantId, aggregateId],
      );
    }),
  ],
  truncate: async ({ transaction }) => {
    await transaction.query("TRUNCATE shop_orders");
  },
});

/** One tenant's orders, the newest first. */
export async function listOrders(
  database: PostgresClient,
  tenantId: string,
  limit: number,
): Promise<unknown[]> {
  const { rows } = await database.query(
    `SELECT order_id, customer_name, total_amount, status FROM shop_orders
     WHERE tenant_id = $1 ORDER BY placed_at DESC, order_id LIMIT $2`,
    [tenantId, limit],
  );
  return rows;
}

/** One tenant's totals. */
export async function statisticsOf(database: PostgresClient, tenantId: string): Promise<unknown> {
  const { rows } = await database.query(
    `SELECT count(*)::int AS orders, coalesce(sum(total_amount), 0) AS revenue,
       (count(*) FILTER (WHERE status = 'shipped'))::int AS shipped
     FROM shop_orders WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0];
}
