import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** An append that a writer process had acknowledged. */
export interface Acknowledged {
  readonly tenantId: string;
  readonly appendId: string;
  /** Greater than 1: the first answer was "unavailable". */
  readonly attempt: number;
  readonly deduplicated: boolean;
  readonly firstPosition: string;
  readonly lastPosition: string;
  readonly tookMs: number;
}

/** An append that a writer process has asked for. */
export interface Asked {
  readonly tenantId: string;
  readonly appendId: string;
  readonly aggregateId: string;
  readonly eventIds: readonly string[];
}

/** What a writer process is told. */
export interface WriterTask {
  readonly url: string;
  /** How many append at the same time, each again and again. */
  readonly callers: number;
  readonly tenants: readonly string[];
  /** Store options. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A process that appends without end. */
export interface WriterProcess {
  readonly acknowledged: readonly Acknowledged[];
  /** Every append that it began, acknowledged or not. */
  readonly asked: readonly Asked[];
  /** Failures that no fault of the database explains. */
  readonly surprises: readonly string[];
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** kill -9, and waits for its end. */
  kill(): Promise<void>;
}

/** Starts a process that appends to a PostgreSQL store, and waits until it does. */
export async function startWriter(task: WriterTask): Promise<WriterProcess> {
  const script = fileURLToPath(new URL("./postgres-writer.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const acknowledged: Acknowledged[] = [];
  const asked: Asked[] = [];
  const surprises: string[] = [];
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = once(child, "exit");
  const ready = new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on("line", (text) => {
      const line = parse(text);
      if (line === undefined) return;
      if ("ready" in line) resolve();
      else if ("asked" in line) asked.push(line["asked"] as Asked);
      else if ("surprise" in line) surprises.push(String(line["surprise"]));
      else acknowledged.push(line as unknown as Acknowledged);
    });
    child.once("exit", () => {
      reject(new Error(`the writer process ended: ${errors}`));
      if (child.signalCode !== "SIGKILL") surprises.push(errors);
    });
  });
  await ready;
  return {
    acknowledged,
    asked,
    surprises,
    signal: (signal) => {
      child.kill(signal);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A killed process may have been cut in the middle of a line. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
