import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import fc from "fast-check";
import { expect, test } from "vitest";
import { appendTo, clientOf, noStream, readAll } from "../support/client.js";
import { newTenant, startTestServer } from "../support/server.js";
import { type FuzzCall, fuzzCall } from "./call.js";

/** How long it is tried: ANNALS_FUZZ_SECONDS, or a moment. */
const seconds = Number(process.env["ANNALS_FUZZ_SECONDS"] ?? 8);

/** A call is answered within this: its own deadline, and time to say so. */
const timeoutMs = 10_000;
const deadlineMs = 100;

interface Answer {
  readonly httpStatus: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly body: string;
}

/** Makes a call and takes all that is answered. */
function send(session: ClientHttp2Session, call: FuzzCall): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${call.method}`,
      te: "trailers",
      "grpc-timeout": `${deadlineMs}m`,
      "connect-timeout-ms": String(deadlineMs),
      ...call.headers,
    });
    let httpStatus: number | undefined;
    let grpcStatus: string | undefined;
    const body: Buffer[] = [];
    stream.setTimeout(timeoutMs, () => {
      reject(new Error("no answer"));
    });
    stream.on("response", (headers) => {
      httpStatus = headers[":status"];
      grpcStatus ??= headers["grpc-status"] as string | undefined;
    });
    stream.on("trailers", (trailers: IncomingHttpHeaders) => {
      grpcStatus ??= trailers["grpc-status"] as string | undefined;
    });
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    stream.on("error", () => undefined); // a reset stream: nothing that it says is wrong
    stream.on("close", () => {
      resolve({ httpStatus, grpcStatus, body: Buffer.concat(body).toString("latin1") });
    });
    stream.end(call.body);
  });
}

/** The server's own surprises: whatever came, it should have known what to say. */
function expectNoSurprise(call: FuzzCall, { httpStatus, grpcStatus, body }: Answer): void {
  const said = `${httpStatus ?? ""} ${grpcStatus ?? ""} ${body.slice(0, 300)}`;
  expect(body, said).not.toContain("ERROR_REASON_INTERNAL");
  expect(httpStatus, said).not.toBe(500);
  if (call.port === "http") expect(grpcStatus, said).not.toBe("2");
}

test(
  `whatever comes over the wire, the server answers and goes on`,
  async () => {
    await using server = await startTestServer();
    const keeper = clientOf(server.grpcAddress, newTenant());
    await keeper.append(appendTo("kept", noStream));
    const open = () => ({
      grpc: connect(`http://${server.grpcAddress}`).on("error", () => undefined),
      http: connect(`http://${server.httpAddress}`).on("error", () => undefined),
    });
    let sessions = open();
    const seen = new Set<string>();
    // Some calls are good, some bad, some refused, some beside every protocol: a slow machine may need longer.
    const wanted = ["0", "3", "7", "16", "200", "400", "415"];
    for (let round = 0; round < 5 && !wanted.every((status) => seen.has(status)); round++) {
      await fc.assert(
        fc.asyncProperty(fc.array(fuzzCall, { minLength: 1, maxLength: 20 }), async (calls) => {
          if (sessions.grpc.destroyed || sessions.http.destroyed) sessions = open();
          const answers = await Promise.all(calls.map((call) => send(sessions[call.port], call)));
          for (const [i, answer] of answers.entries()) {
            expectNoSurprise(calls[i]!, answer);
            seen.add(answer.grpcStatus ?? String(answer.httpStatus));
          }
        }),
        { numRuns: 1_000_000, interruptAfterTimeLimit: seconds * 1_000, endOnFailure: true },
      );
    }
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
    sessions.grpc.destroy();
    sessions.http.destroy();
    expect(await readAll(keeper)).toHaveLength(1);
    expect(await keeper.append(appendTo("kept"))).toMatchObject({ aggregateVersion: 2n });
  },
  (5 * seconds + 60) * 1_000,
);
