import type {
  ClientHttp2Stream,
  ClientSessionRequestOptions,
  OutgoingHttpHeaders,
} from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { AnnalsError } from "../connection/errors.js";
import { Http2Session, type SessionTimes } from "./http2-session.js";

/** One connection to a server, opened when it is first used and again when it was lost. */
export class Http2Sessions {
  /** Every one that has not ended: calls go on over those that take no new ones. */
  readonly #open = new Set<Http2Session>();
  #current: Http2Session | undefined;
  #closed = false;
  #pingIntervalMs: number;

  constructor(
    readonly authority: string,
    private readonly times: SessionTimes,
  ) {
    this.#pingIntervalMs = times.pingIntervalMs;
  }

  /** @throws AnnalsError unavailable, when nothing was sent; closed */
  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: ClientSessionRequestOptions,
  ): Promise<ClientHttp2Stream> {
    for (;;) {
      if (this.#closed) throw new AnnalsError("closed", "the client is closed", {});
      const session = this.#current?.usable ? this.#current : this.#next();
      const failure = await session.ready();
      if (session.usable) {
        return session.request({ ...headers, ":method": method, ":path": path }, options);
      }
      if (failure && !this.#closed) throw this.#notOpened(failure);
    }
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    for (const session of this.#open) session.heard(stream);
  }

  /** Ends every call. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const session of this.#open) {
      session.end(new ConnectError("the client was closed", Code.Canceled));
    }
  }

  #next(): Http2Session {
    if (this.#current?.tooManyPings) this.#pingIntervalMs *= 2;
    const times = { ...this.times, pingIntervalMs: this.#pingIntervalMs };
    const session: Http2Session = new Http2Session(this.authority, times, () => {
      this.#open.delete(session);
    });
    this.#open.add(session);
    return (this.#current = session);
  }

  #notOpened(cause: Error): AnnalsError {
    const message = `no connection to ${this.authority}: ${reasonOf(cause)}`;
    return new AnnalsError("unavailable", message, {}, { cause });
  }
}

/** The text of an error; of one that has none, because several addresses were tried, theirs. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message.trim();
  return (error.errors as Error[]).map(({ message }) => message).join(", ");
}
