import type pg from "pg";
import type { Unwatch } from "../store.js";
import { Watchers } from "../watchers.js";
import { Client } from "./client.js";
import { clientConfig, type SessionOptions, type StoreLogger } from "./session.js";

/** How often watchers are told without having been notified: what a lost notification costs at most. */
const pollMs = 1_000;

/** Before a broken connection is made anew, in milliseconds: doubled each time, up to the second. */
const reconnectMs = [100, 5_000] as const;

/**
 * Tells when any server has written: a connection that listens for what every batch notifies, and a
 * poll behind it. It is open only while somebody watches.
 */
export class GrowthSignal {
  readonly #watchers = new Watchers();
  #listener: Listener | undefined;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly options: SessionOptions,
    private readonly logger: StoreLogger,
  ) {}

  watch(onGrowth: () => void): Unwatch {
    const unwatch = this.#watchers.add(onGrowth);
    if (!this.#closed) this.#listener ??= this.#listen();
    return () => {
      unwatch();
      if (this.#watchers.size === 0) this.#stop();
    };
  }

  /** This server has written. */
  notify(): void {
    this.#watchers.notify();
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #listen(): Listener {
    const notify = (): void => {
      this.#watchers.notify();
    };
    return new Listener(clientConfig(this.url, this.options), notify, this.logger);
  }

  #stop(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }
}

/** A listening connection that is made anew whenever it breaks. */
class Listener {
  #client: pg.Client | undefined;
  #closed = false;
  #waitMs: number = reconnectMs[0];
  #reconnect: NodeJS.Timeout | undefined;
  readonly #poll: NodeJS.Timeout;

  constructor(
    private readonly config: pg.ClientConfig,
    private readonly onNotification: () => void,
    private readonly logger: StoreLogger,
  ) {
    this.#poll = setInterval(onNotification, pollMs).unref();
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#reconnect);
    this.#discard();
  }

  async #connect(): Promise<void> {
    const client = new Client(this.config);
    this.#client = client;
    client.on("notification", this.onNotification);
    client.on("error", (error) => {
      this.#broke(client, error);
    });
    client.on("end", () => {
      this.#broke(client, new Error("the connection ended"));
    });
    try {
      await client.connect();
      await client.query("LISTEN annals_events");
    } catch (error) {
      this.#broke(client, error);
      return;
    }
    this.#waitMs = reconnectMs[0];
    this.onNotification(); // what was written while nobody listened
  }

  #broke(client: pg.Client, error: unknown): void {
    if (this.#closed || this.#client !== client) return;
    this.#discard();
    this.logger.warn({ err: error }, "the connection that listens to PostgreSQL broke");
    this.#reconnect = setTimeout(() => void this.#connect(), this.#waitMs).unref();
    this.#waitMs = Math.min(2 * this.#waitMs, reconnectMs[1]);
  }

  #discard(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) void client.end().catch(() => undefined);
  }
}
