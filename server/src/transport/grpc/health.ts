import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Server,
  status,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

interface Request {
  readonly service: string;
}
interface Answer {
  readonly status: string;
}
type Check = handleUnaryCall<Request, Answer>;
type Watch = handleServerStreamingCall<Request, Answer>;

/**
 * Adds grpc.health.v1.Health, which answers without a credential. What is asked of other services does not reach the
 * library: it would keep each name that was ever watched, and put one of any length into a header.
 *
 * @param services the full names of those that are served; "" is the server
 * @returns sets what is answered for all of them
 */
export function addHealth(server: Server, services: readonly string[]): (serving: boolean) => void {
  const names = new Set(["", ...services]);
  const health = new HealthImplementation();
  health.addToServer({
    addService: (definition, handlers) => {
      const check = handlers["check"] as Check;
      const watch = handlers["watch"] as Watch;
      const checkKnown: Check = (call, callback) => {
        if (names.has(call.request.service)) check(call, callback);
        else callback({ code: status.NOT_FOUND, details: "unknown service" });
      };
      const watchKnown: Watch = (call) => {
        if (names.has(call.request.service)) watch(call);
        else call.write({ status: "SERVICE_UNKNOWN" });
      };
      server.addService(definition, { ...handlers, check: checkKnown, watch: watchKnown });
    },
  });
  const setServing = (serving: boolean): void => {
    for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  };
  setServing(false);
  return setServing;
}
