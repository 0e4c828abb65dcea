import type { Http2Session } from "node:http2";
import { types } from "node:util";

/** Versions of Node whose sessions were seen to take the table, and to gain by it. */
const knownNodes: ReadonlySet<string | undefined> = new Set(["20", "22"]);

/**
 * Lets a session of Node's keep its streams in an array where it keeps them in a Map. A Map that entries come to
 * and go from makes itself a new table now and then, to which the old one points. Once a table is in V8's old
 * generation, all that follow are kept with what they hold until the next full collection, here each call
 * with its messages: a seventh of all that calls allocate was copied, and collections took a tenth of the time
 * (bench/RESULTS.md). The Map is Node's own affair: what is not as it is known to be is left alone.
 *
 * @param session a new one, without streams
 */
export function keepStreamsInTable(session: Http2Session): void {
  if (!knownNodes.has(process.versions.node.split(".")[0])) return;
  const key = Object.getOwnPropertySymbols(session).find((each) => each.description === "state");
  if (!key) return;
  const state = (session as unknown as Record<symbol, { streams?: unknown } | undefined>)[key];
  if (state && types.isMap(state.streams) && state.streams.size === 0) {
    state.streams = new StreamTable();
  }
}

/** A Map for as many entries as a session has streams, which it finds one after the other. In no order. */
export class StreamTable<Stream> implements Map<number, Stream> {
  readonly #ids: number[] = [];
  readonly #streams: Stream[] = [];
  readonly [Symbol.toStringTag] = "StreamTable";

  get size(): number {
    return this.#ids.length;
  }

  has(id: number): boolean {
    return this.#ids.includes(id);
  }

  get(id: number): Stream | undefined {
    return this.#streams[this.#ids.indexOf(id)];
  }

  set(id: number, stream: Stream): this {
    const at = this.#ids.indexOf(id);
    if (at === -1) {
      this.#ids.push(id);
      this.#streams.push(stream);
    } else this.#streams[at] = stream;
    return this;
  }

  delete(id: number): boolean {
    const at = this.#ids.indexOf(id);
    if (at === -1) return false;
    const last = this.#ids.length - 1; // takes its place
    this.#ids[at] = this.#ids[last] ?? id;
    this.#streams[at] = this.#streams[last] as Stream;
    this.#ids.pop();
    this.#streams.pop();
    return true;
  }

  clear(): void {
    this.#ids.length = 0;
    this.#streams.length = 0;
  }

  /** Of the entries as they are now: `act` may delete them. */
  forEach(act: (stream: Stream, id: number, table: Map<number, Stream>) => void): void {
    for (const [id, stream] of this.entries()) act(stream, id, this);
  }

  entries(): MapIterator<[number, Stream]> {
    return this.#ids.map((id, at): [number, Stream] => [id, this.#streams[at] as Stream]).values();
  }

  keys(): MapIterator<number> {
    return [...this.#ids].values();
  }

  values(): MapIterator<Stream> {
    return [...this.#streams].values();
  }

  [Symbol.iterator](): MapIterator<[number, Stream]> {
    return this.entries();
  }
}
