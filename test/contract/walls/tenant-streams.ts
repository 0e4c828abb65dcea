import { ErrorReason } from "@annals/proto/annals/v1/error";
import { expect } from "vitest";
import type { StreamId } from "#server/domain/stream.js";
import type { StoreModel } from "../store/model.js";
import type { Answered } from "./asker.js";
import type { MarkedTenant } from "./marks.js";
import type { World } from "./world.js";

/** How a tenant's calls about one stream have to end. */
export class TenantStreams {
  constructor(
    private readonly world: World,
    private readonly self: MarkedTenant,
    private readonly model: StoreModel,
  ) {}

  /** Version of a stream of the tenant's; 0: it has none of that name. */
  versionOf(stream: StreamId): bigint {
    return BigInt(this.model.streamOf(this.self.tenantId, stream).length);
  }

  /** Makes a call about a stream: absent, it must fail, and only as the others' streams allow. */
  async unlessAbsent<Response>(
    stream: StreamId,
    ask: () => Promise<Answered<Response>>,
  ): Promise<Answered<Response> | undefined> {
    const there = this.versionOf(stream) > 0n;
    const certainlyForeign = this.world.isForeign(this.self, stream);
    const answered = await ask();
    if (there) {
      expect(answered.status).toBe(0);
      return answered;
    }
    if (answered.detail?.reason === ErrorReason.FOREIGN_STREAM) {
      expect(this.world.mayBeForeign(this.self, stream)).toBe(true);
    } else {
      expect(answered.detail?.reason).toBe(ErrorReason.STREAM_NOT_FOUND);
      expect(certainlyForeign).toBe(false);
    }
    return undefined;
  }
}
