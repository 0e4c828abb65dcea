import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  type GetHeadResponse,
  GetHeadRequestSchema,
  GetHeadResponseSchema,
} from "@annals/proto/annals/v1/event_store";

/** Time for one answer, in milliseconds. */
const deadlineMs = 30_000;

/**
 * Asks for the head of each tenant's log.
 *
 * @param address "host:port" of a server
 * @param expectedEvents how many events the logs must hold together
 * @param token that lets in where the server is not in dev mode
 * @throws Error when they hold another number
 */
export async function assertLogHeads(
  address: string,
  tenants: readonly string[],
  expectedEvents: bigint,
  token?: string,
): Promise<void> {
  const client = new Client(address, credentials.createInsecure());
  try {
    let events = 0n;
    for (const tenantId of tenants) {
      const { head } = await getHead(client, tenantId, token);
      events += head?.position ?? 0n;
    }
    if (events !== expectedEvents) {
      throw new Error(
        `the log holds ${String(events)} events, not ${String(expectedEvents)}: another number was acknowledged`,
      );
    }
  } finally {
    client.close();
  }
}

function getHead(
  client: Client,
  tenantId: string,
  token: string | undefined,
): Promise<GetHeadResponse> {
  const metadata = new Metadata();
  if (token === undefined) metadata.set("x-tenant-id", tenantId);
  else metadata.set("authorization", `Bearer ${token}`);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      "/annals.v1.EventStore/GetHead",
      (request: Uint8Array) => Buffer.from(request),
      (bytes) => fromBinary(GetHeadResponseSchema, bytes),
      toBinary(GetHeadRequestSchema, create(GetHeadRequestSchema)),
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, response) => {
        if (error) reject(error);
        else if (response) resolve(response);
        else reject(new Error("GetHead answered nothing"));
      },
    );
  });
}
