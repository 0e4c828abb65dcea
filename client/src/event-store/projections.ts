import { Projections as ProjectionsService } from "@annals/proto/annals/v1/projections";
import type { CallOptions, Connection } from "../connection/connection.js";
import type { ProjectionStore } from "../projections/projection-store.js";
import {
  createServerProjectionStore,
  type ProjectionScope,
  toProtoScope,
} from "../projections/server-projection-store.js";
import { toDate } from "./codec.js";
import { toWireString } from "./wire-values.js";

/** A projection whose progress the server keeps. */
export interface StoredProjection {
  readonly name: string;
  /** How far it came, in the words of its runner; undefined when it never ran. */
  readonly place: string | undefined;
  /** Until when a runner holds its lease, by the server's clock; undefined: no lease. */
  readonly leasedUntil: Date | undefined;
  /** When its progress was written last. */
  readonly updatedAt: Date;
}

/** Options of a call about projections. */
export interface ProjectionCallOptions extends CallOptions {
  /** Whose projections; "all-tenants" is for operators. Default: "tenant". */
  readonly scope?: ProjectionScope;
}

/** Progress of projections, kept by the server. Needs the scope `projections`. */
export class Projections {
  /** @internal use `annals.projections` */
  constructor(private readonly connection: Connection) {}

  /**
   * A place for runners to keep their progress, without a database of their own. It is not written in
   * one transaction with the read model: after a crash, events may come again.
   */
  store(scope: ProjectionScope = "tenant"): ProjectionStore<undefined> {
    return createServerProjectionStore(this.connection, scope);
  }

  /** All of them, by name. @throws AnnalsError permission_denied */
  async *list(
    options: ProjectionCallOptions = {},
  ): AsyncGenerator<StoredProjection, void, undefined> {
    const scope = toProtoScope(options.scope ?? "tenant");
    let pageToken = "";
    do {
      const request = { scope, pageToken };
      const answer = await this.connection.callOf(
        ProjectionsService,
        (client, call) => client.listProjections(request, call),
        options,
      );
      for (const { name, place, leasedUntil, updatedAt } of answer.projections) {
        yield {
          name,
          place,
          leasedUntil: leasedUntil && toDate(leasedUntil),
          updatedAt: toDate(updatedAt),
        };
      }
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
  }

  /** Forgets a projection and its dead letters. Who runs it writes nothing more. */
  async delete(name: string, options: ProjectionCallOptions = {}): Promise<void> {
    const request = {
      scope: toProtoScope(options.scope ?? "tenant"),
      name: toWireString("name", name),
    };
    await this.connection.writeOf(
      ProjectionsService,
      (client, call) => client.deleteProjection(request, call),
      options,
    );
  }
}
