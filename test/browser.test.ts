import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { bundleForBrowsers } from "./browser/bundle.js";
import { chromium, openPage } from "./browser/chromium.js";
import type { PageReport, PageTask } from "./browser/page.js";
import { newTenant, startTestServer } from "./support/server.js";
import { tempFolder } from "./support/temp-folder.js";

const entry = fileURLToPath(new URL("browser/page.ts", import.meta.url));

test("the SDK is bundled for browsers without anything of Node's", async () => {
  const script = await bundleForBrowsers({ entryPoints: [entry] });
  expect(script).not.toMatch(/["']node:/);
});

test("what a page does not use is not in its bundle", async () => {
  const small = await bundleForBrowsers({
    stdin: {
      contents: 'export { runWithTenant } from "@annals/client";',
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
  });
  expect(small.length).toBeLessThan(3_000);
});

if (!chromium) console.warn("SKIPPED in a browser: no Chromium (set ANNALS_CHROMIUM)");

test.skipIf(!chromium)(
  "a page appends and follows, with typed errors",
  async () => {
    const script = await bundleForBrowsers({ entryPoints: [entry] });
    let task: PageTask | undefined;
    let reported = (_: PageReport): void => undefined;
    const report = new Promise<PageReport>((resolve) => (reported = resolve));
    const site = createServer((request, response) => {
      const answers: Record<string, [type: string, body: string]> = {
        "/": ["text/html", '<!doctype html><script type="module" src="/page.js"></script>'],
        "/page.js": ["text/javascript", script],
        "/task": ["application/json", JSON.stringify(tasks[0])],
        "/report": ["text/plain", ""],
      };
      const [type, body] = answers[request.url ?? ""] ?? ["text/plain", ""];
      response.setHeader("content-type", type).end(body);
      if (request.url !== "/report") return;
      void bodyOf(request).then((text) => {
        reports.emit("report", JSON.parse(text) as PageReport);
      });
    });
    site.listen(0, "127.0.0.1");
    await once(site, "listening");
    onTestFinished(() => {
      site.closeAllConnections();
      site.close();
    });
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    await using server = await startTestServer({ httpCorsOrigins: origin });
    task = { address: server.httpAddress ?? "", tenant: newTenant() };
    const close = openPage(origin, tempFolder());
    onTestFinished(close);
    expect(await report).toEqual({
      followed: [
        { total: 1, position: "1" },
        { total: 2, position: "2" },
      ],
      caughtUp: true,
      conflict: "version_conflict",
      afterClose: "closed",
    });
  },
  60_000,
);

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
