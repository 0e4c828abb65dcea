import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import type { Config } from "../config/config.js";

/** Asks grpc.health.v1.Health/Check of a running server; sets exit code 1 unless it is SERVING. */
export async function checkHealth(config: Config): Promise<void> {
  const Health = makeGenericClientConstructor(service, "Health");
  const client = new Health(config.grpcAddress, credentials.createInsecure());
  const status = await new Promise<string>((resolve) => {
    const deadline = Date.now() + 5_000;
    client["check"]?.({ service: "" }, { deadline }, (error: Error | null, answer?: unknown) => {
      resolve(error ? error.message : String((answer as { status: unknown }).status));
    });
  });
  client.close();
  process.stdout.write(`${status}\n`);
  if (status !== "SERVING") process.exitCode = 1;
}
