import { type ChannelCredentials, credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Config } from "../config/config.js";

/**
 * Asks grpc.health.v1.Health/Check of a running server; sets exit code 1 unless it is SERVING. Where the
 * settings have a certificate the server is dialled over TLS, and must show that very certificate: it is
 * this server that is asked, by whatever name it listens. Asked for one, the command shows the same.
 */
export async function checkHealth(config: Config): Promise<void> {
  let channel: ChannelCredentials;
  try {
    channel = channelCredentials(config);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    process.stderr.write(`annals: the certificate or its key cannot be used: ${problem}\n`);
    process.exitCode = 1;
    return;
  }
  const Health = makeGenericClientConstructor(service, "Health");
  const client = new Health(config.grpcAddress, channel);
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

function channelCredentials({ tls }: Config): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const [cert, key] = [readFileSync(tls.certFile), readFileSync(tls.keyFile)];
  const context = createSecureContext({ ca: cert, cert, key, allowPartialTrustChain: true });
  return credentials.createFromSecureContext(context, { checkServerIdentity: () => undefined });
}
