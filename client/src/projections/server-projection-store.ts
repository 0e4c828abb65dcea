import { Scope } from "@annals/proto/annals/v1/event_store";
import {
  type DeadLetter as ProtoDeadLetter,
  Projections as ProjectionsService,
} from "@annals/proto/annals/v1/projections";
import type { Connection } from "../connection/connection.js";
import { isAnnalsError } from "../connection/errors.js";
import { toWireCount, toWireString } from "../event-store/wire-values.js";
import type { DeadLetter, ProjectionClaim, ProjectionStore } from "./projection-store.js";
import { superseded } from "./superseded.js";

/** Whose projections. */
export type ProjectionScope = "tenant" | "all-tenants";

/** Keeps places on the server, beside the log. */
export function createServerProjectionStore(
  connection: Connection,
  projectionScope: ProjectionScope,
): ProjectionStore<undefined> {
  const scope = toProtoScope(projectionScope);
  return {
    transactional: false,
    acquire: async (projection, ttlMs) => {
      const request = {
        scope,
        name: toWireString("name", projection),
        leaseMs: ttlMs === undefined ? 0 : Math.ceil(ttlMs),
      };
      const answer = await connection.writeOf(ProjectionsService, (client, call) =>
        client.acquireProjection(request, call),
      );
      if (!answer.acquired || !answer.projection) return undefined;
      return { projection, fence: answer.projection.fence, place: answer.projection.place };
    },
    renew: async (claim, ttlMs) => {
      const request = { scope, ...nameOf(claim), leaseMs: Math.ceil(ttlMs) };
      await unlessSuperseded(
        claim,
        connection.writeOf(ProjectionsService, (client, call) =>
          client.renewProjection(request, call),
        ),
      );
    },
    release: async (claim) => {
      const request = { scope, ...nameOf(claim) };
      await connection.writeOf(ProjectionsService, (client, call) =>
        client.releaseProjection(request, call),
      );
    },
    write: async (claim, work) => {
      const { place, deadLetter } = await work(undefined);
      const request = {
        scope,
        ...nameOf(claim),
        place,
        ...(deadLetter && { deadLetter: toProtoDeadLetter(deadLetter, projectionScope) }),
      };
      await unlessSuperseded(
        claim,
        connection.writeOf(ProjectionsService, (client, call) =>
          client.saveProgress(request, call),
        ),
      );
    },
    placeOf: async (claim) => {
      const { name, fence } = nameOf(claim);
      const { projection } = await connection.callOf(ProjectionsService, (client, call) =>
        client.getProjection({ scope, name }, call),
      );
      if (projection?.fence !== fence) throw superseded(name);
      return projection.place;
    },
    listDeadLetters: async (projection) => {
      const name = toWireString("name", projection);
      const deadLetters: DeadLetter[] = [];
      let pageToken = "";
      do {
        const request = { scope, name, pageToken };
        const answer = await connection.callOf(ProjectionsService, (client, call) =>
          client.listDeadLetters(request, call),
        );
        deadLetters.push(...answer.deadLetters.map(toDeadLetter));
        pageToken = answer.nextPageToken;
      } while (pageToken !== "");
      return deadLetters;
    },
    removeDeadLetter: async (projection, tenantId, eventId) => {
      const request = {
        scope,
        name: toWireString("name", projection),
        tenantId: projectionScope === "tenant" ? "" : toWireString("tenant_id", tenantId),
        eventId: toWireString("event_id", eventId),
      };
      await connection.writeOf(ProjectionsService, (client, call) =>
        client.removeDeadLetter(request, call),
      );
    },
  };
}

export function toProtoScope(scope: ProjectionScope): Scope {
  return scope === "all-tenants" ? Scope.ALL_TENANTS : Scope.TENANT;
}

function nameOf({ projection, fence }: ProjectionClaim) {
  return { name: toWireString("name", projection), fence: toWireCount("fence", fence, 1n) };
}

async function unlessSuperseded(claim: ProjectionClaim, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (isAnnalsError(error, "revision_conflict")) throw superseded(claim.projection);
    throw error;
  }
}

/** A tenant's own dead letters name no tenant: the credential does. */
function toProtoDeadLetter(
  { tenantId, eventId, position, attempts, error }: DeadLetter,
  scope: ProjectionScope,
) {
  return { tenantId: scope === "tenant" ? "" : tenantId, eventId, position, attempts, error };
}

function toDeadLetter(deadLetter: ProtoDeadLetter): DeadLetter {
  const { tenantId, eventId, position, attempts, error } = deadLetter;
  return { tenantId, eventId, position, attempts, error };
}
