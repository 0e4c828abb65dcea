import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SdkJob, SdkResult } from "./sdk-job.js";

/**
 * Runs a job in a fresh process that ends with it.
 *
 * @param options cpuProfileFolder: where the process leaves its CPU profile (V8)
 * @throws Error when it fails; it says why on standard error. On abort, its reason
 */
export async function runSdkJob(
  job: SdkJob,
  options: { readonly signal?: AbortSignal; readonly cpuProfileFolder?: string | undefined },
): Promise<SdkResult> {
  const { signal, cpuProfileFolder } = options;
  signal?.throwIfAborted();
  const file = fileURLToPath(new URL("./sdk-client.js", import.meta.url));
  const execArgv =
    cpuProfileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${cpuProfileFolder}`];
  const preload = new URL("../contenders/exit-with-parent.js", import.meta.url).href;
  const child = fork(file, {
    execArgv: [...execArgv, "--import", preload],
    serialization: "advanced",
    ...(signal ? { signal } : {}),
  });
  child.send(job);
  return new Promise((resolve, reject) => {
    let result: SdkResult | undefined;
    child.once("message", (message) => (result = message as SdkResult));
    child.once("error", () => {
      reject(signal?.reason as Error);
    });
    child.once("exit", (code) => {
      if (result) resolve(result);
      else reject(new Error(`the client of the SDK ended with code ${String(code)}`));
    });
  });
}
