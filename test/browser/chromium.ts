import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

/** The Chromium that ANNALS_CHROMIUM names, or Debian's; undefined: there is none. */
export const chromium = [process.env["ANNALS_CHROMIUM"], "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens a page in a browser of its own, with nothing of any profile. @returns closes it */
export function openPage(url: string, folder: string): () => Promise<void> {
  const browser: ChildProcess = spawn(
    chromium ?? "chromium",
    [...flags, `--user-data-dir=${folder}`, url],
    { stdio: "ignore", detached: true },
  );
  const exited = once(browser, "exit");
  return async () => {
    if (browser.pid !== undefined) process.kill(-browser.pid, "SIGKILL"); // its helpers too
    await exited;
  };
}
