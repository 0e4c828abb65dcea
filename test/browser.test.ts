import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { bundleForBrowsers } from "./browser/bundle.js";
import { chromium, openPage } from "./browser/chromium.js";
import type { PageReport, PageTask } from "./browser/page.js";
import { newTenant, startTestServer } from "./support/server.js";
import { tempFolder } from "./support/temp-folder.js";

/** Browsers take their time to start. */
const pageTimeout = { timeout: 60_000 };

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

test.skipIf(!chromium)("a page appends and follows, with typed errors", pageTimeout, async () => {
  const tasks: PageTask[] = [];
  const reports = new EventEmitter<{ report: [PageReport] }>();
  const site = await serve({
    "/": ["text/html", () => '<!doctype html><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", () => bundleForBrowsers({ entryPoints: [entry] })],
    "/task": ["application/json", () => JSON.stringify(tasks[0])],
    "/report": [
      "text/plain",
      (body) => {
        reports.emit("report", JSON.parse(body) as PageReport);
        return "";
      },
    ],
  });
  await using server = await startTestServer({ httpCorsOrigins: site });
  tasks.push({ address: server.httpAddress ?? "", tenant: newTenant() });
  const reported = once(reports, "report");
  onTestFinished(openPage(site, tempFolder()));
  expect(await reported).toEqual([
    {
      followed: [
        { total: 1, position: "1" },
        { total: 2, position: "2" },
      ],
      caughtUp: true,
      conflict: "version_conflict",
      afterClose: "closed",
    },
  ]);
});

type Answer = readonly [type: string, answer: (body: string) => string | Promise<string>];

/** Serves a few paths on a free port; answers its origin. */
async function serve(paths: Readonly<Record<string, Answer>>): Promise<string> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [type, body] = paths[request.url ?? ""] ?? ["text/plain", () => ""];
    response.setHeader("content-type", type).end(await body(Buffer.concat(chunks).toString()));
  };
  const site = createServer((request, response) => void answer(request, response));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  onTestFinished(() => {
    site.closeAllConnections();
    site.close();
  });
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}
