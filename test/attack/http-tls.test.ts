import { copyFileSync, truncateSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { Tls } from "#server/transport/tls.js";
import { expect, onTestFinished, test } from "vitest";
import { createAuthority, type Issued } from "../support/authority.js";
import { appendTo, noStream } from "../support/client.js";
import { newTenant, startTestServer, type TestSettings } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";

async function start(settings: TestSettings) {
  const server = await startTestServer(settings);
  onTestFinished(async () => {
    await server.stop();
  });
  return server.httpAddress ?? "";
}

const tlsOf = ({ certFile, keyFile }: Issued) => ({ tlsCertFile: certFile, tlsKeyFile: keyFile });

/** The common name of the certificate that a port shows. */
function shownBy(address: string, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(":");
    const socket = connectTls({ host, port: Number(port), ...options }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("with a certificate the HTTP port speaks TLS: HTTP/2 and HTTP/1.1, and nothing in the clear", async () => {
  const folder = tempFolder();
  const authority = createAuthority(folder);
  const served = authority.issue("served", "IP:127.0.0.1");
  const address = await start(tlsOf(served));
  const ca = authority.cert;
  const interceptors = [
    (next: (request: never) => Promise<never>) => (call: { header: Headers }) => {
      call.header.set("x-tenant-id", newTenant());
      return next(call as never);
    },
  ] as never;
  const baseUrl = `https://${address}`;
  for (const transport of [
    createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions: { ca }, interceptors }),
    createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { ca }, interceptors }),
    createGrpcTransport({ baseUrl, nodeOptions: { ca }, interceptors }),
  ]) {
    const appended = await createClient(EventStore, transport).append(appendTo("1", noStream));
    expect(appended.aggregateVersion).toBe(1n);
  }
  const ready = await new Promise<number | undefined>((resolve, reject) => {
    request(`${baseUrl}/readyz`, { ca, agent: false }, ({ statusCode }) => {
      resolve(statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(ready).toBe(200);
  await expect(fetch(`http://${address}/healthz`)).rejects.toThrow("fetch failed");
  const plain = connectHttp2(`http://${address}`);
  await expect(
    new Promise((_, reject) => {
      plain.on("error", reject).on("close", () => {
        reject(new Error("closed"));
      });
    }),
  ).rejects.toThrow();
  await expect(shownBy(address, { ca, maxVersion: "TLSv1.1" })).rejects.toThrow();
});

test("a renewed certificate is shown by both ports' next connections", async () => {
  const folder = tempFolder();
  const authority = createAuthority(folder);
  const [first, second] = ["first", "second"].map((name) => authority.issue(name, "IP:127.0.0.1"));
  const [tlsCertFile, tlsKeyFile] = [join(folder, "in-use.crt"), join(folder, "in-use.key")];
  const use = ({ certFile, keyFile }: Issued) => {
    copyFileSync(keyFile, tlsKeyFile);
    copyFileSync(certFile, tlsCertFile);
  };
  use(first!);
  const address = await start({ tlsCertFile, tlsKeyFile });
  expect(await shownBy(address, { ca: authority.cert })).toBe("first");
  use(second!);
  await expect
    .poll(() => shownBy(address, { ca: authority.cert }), { timeout: 10_000 })
    .toBe("second");
});

test("a client's certificate opens the HTTP port, of its authority only", async () => {
  const folder = tempFolder();
  const authority = createAuthority(folder);
  const served = authority.issue("served", "IP:127.0.0.1");
  const tenant = newTenant();
  const names = `URI:urn:annals:tenant:${tenant},URI:urn:annals:scope:events:read`;
  const client = authority.issue("client", names);
  const address = await start({
    ...tlsOf(served),
    tlsClientCaFile: authority.certFile,
    auth: "mtls",
  });
  const headOf = (nodeOptions: ConnectionOptions) => {
    const baseUrl = `https://${address}`;
    const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions });
    return createClient(EventStore, transport).getHead({});
  };
  const { cert, key } = client;
  expect((await headOf({ ca: authority.cert, cert, key })).head?.position).toBe(0n);
  await expect(headOf({ ca: authority.cert })).rejects.toThrow();
  const stranger = createAuthority(tempFolder()).issue("client", names);
  const refused = await headOf({
    ca: authority.cert,
    cert: stranger.cert,
    key: stranger.key,
  }).catch((error: unknown) => ConnectError.from(error).code);
  expect([Code.Unavailable, Code.Internal, Code.Unknown, Code.Aborted]).toContain(refused);
});

test("material that is emptied, cut short or of another kind is refused, and what is in use stays", () => {
  const authority = createAuthority(tempFolder());
  const [served, other] = ["served", "other"].map((name) => authority.issue(name, "IP:127.0.0.1"));
  const { cert, key } = served!;
  const good = { cert, key, clientCa: authority.cert };
  const tls = new Tls(good);
  const inUse = tls.options;
  const half = (pem: string) => pem.slice(0, pem.length / 2);
  const certificates = (pem: string) => [
    ...["", "rubbish", key, half(pem), `${pem}${half(pem)}`, `${pem}-----BEGIN CERT`],
    ...[`${pem}${key}`, pem.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")],
    pem.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA"),
  ];
  const refused = [
    ...certificates(authority.cert).map((clientCa) => ({ ...good, clientCa })),
    ...certificates(cert).map((changed) => ({ ...good, cert: changed })),
    ...["", "rubbish", cert, half(key), other!.key].map((changed) => ({ ...good, key: changed })),
  ];
  for (const material of refused) {
    expect(() => {
      tls.reload(material);
    }).toThrow();
    expect(() => new Tls(material)).toThrow();
  }
  expect(tls.options).toBe(inUse);
  const chain = `the first\n${cert}\nits authority\r\n${authority.cert.replaceAll("\n", "\r\n")}`;
  tls.reload({ ...good, cert: chain, clientCa: `${authority.cert}${other!.cert}` });
  expect(tls.options.cert).toBe(chain);
});

test("a server with an emptied TLS file does not start", async () => {
  const authority = createAuthority(tempFolder());
  const served = authority.issue("served", "IP:127.0.0.1");
  const settings = { ...tlsOf(served), tlsClientCaFile: authority.certFile, auth: "mtls" };
  for (const [file, setting] of [
    [authority.certFile, "tlsClientCaFile"],
    [served.keyFile, "tlsKeyFile"],
    [served.certFile, "tlsCertFile"],
  ] as const) {
    truncateSync(file);
    await expect(startTestServer(settings)).rejects.toThrow(setting);
    writeFileSync(file, setting === "tlsKeyFile" ? served.key : authority.cert);
  }
});
