import { IdleFollowers } from "../load/idle-followers.js";
import type { Contender, ServerContender } from "./contender.js";

/**
 * A server whose logs are followed while it takes appends.
 *
 * @param followed one follower for each entry
 */
export function withFollowers(
  server: ServerContender,
  name: string,
  followed: readonly string[],
): Contender {
  let followers: IdleFollowers | undefined;
  return {
    name,
    description: `${server.description}; ${followed.length} followers`,
    start: async () => {
      await server.start();
      if (followed.length === 0) return;
      followers = await IdleFollowers.start({ address: server.address, tenants: followed });
    },
    drive: async (load, options) => {
      const result = await server.drive(load, options);
      // What they still have to be sent would be taken from whoever is measured next.
      await followers?.caughtUp();
      return result;
    },
    verify: (acknowledged) => server.verify(acknowledged),
    stop: async () => {
      await followers?.stop();
      await server.stop();
    },
  };
}
