import { randomUUID } from "node:crypto";
import pg from "pg";
import { parseTenantId } from "#server/domain/tenant.js";
import { bulkFill } from "../contenders/bulk-fill.js";
import { openStorePlace } from "../contenders/store-place.js";
import {
  createStoreReads,
  readOnePage,
  readOneStream,
  type StoreReads,
} from "../contenders/store-reads.js";
import { contenderChart, contenderTable } from "../report/contender-table.js";
import { figuresOf } from "../report/figures.js";
import { readMachine } from "../report/machine.js";
import { ratioLine, ratioOf } from "../report/ratio.js";
import { surroundings } from "../report/surroundings.js";
import { formatList } from "../report/table.js";
import { countOption, timeOptions, type TimeOptions, timesOf } from "./append-options.js";
import { driveInterleaved } from "./interleave.js";
import type { Suite } from "./suite.js";

interface WallsOptions extends TimeOptions {
  readonly events: number;
  readonly inFlight: number;
}

/** Events of one stream, and of one page. */
const perStream = 10;
const perPage = 100;

/** What row level security costs those who read. */
export const wallsSuite: Suite = {
  name: "walls",
  description: "reads of PostgreSQL behind row level security against reads without, in process",
  options: [
    countOption("--events <n>", "events in the log", 100_000_000, 200_000),
    countOption("--in-flight <n>", "reads that wait for their answer", 1_000, 8),
    ...timeOptions,
  ],
  quick: [["--quick", "--events", "2000"]],
  run: async (values, context) => {
    const options = values as unknown as WallsOptions;
    const times = timesOf(options);
    const tenant = parseTenantId(randomUUID(), "tenant");
    const streams = Math.floor(options.events / perStream);
    const place = await openStorePlace("postgres");
    const readers: Reader[] = [];
    try {
      const events = streams * perStream;
      await bulkFill(
        { ...{ store: place.store, tenant, events, dataBytes: 256, streams } },
        context,
      );
      const behind = await createReader(place.store, "NOBYPASSRLS");
      readers.push(behind);
      const without = await createReader(place.store, "BYPASSRLS");
      readers.push(without);
      const kinds: [string, StoreReads["read"]][] = [
        [`a stream of ${perStream}`, readOneStream(streams, perStream)],
        [`a page of ${perPage}`, readOnePage(events, perPage)],
      ];
      const contenders = kinds.flatMap(([kind, read]) =>
        (
          [
            ["behind the wall", behind],
            ["without it", without],
          ] as const
        ).map(([how, { url }]) => {
          const { inFlight } = options;
          const name = `${kind}, ${how}`;
          return createStoreReads({ ...{ name, url, tenant, inFlight, read }, description: name });
        }),
      );
      const load = {
        ...{ inFlight: options.inFlight, connections: 8 },
        warmUpMs: times.warmUpSeconds * 1000,
        measureMs: times.seconds * 1000,
      };
      const measured = await driveInterleaved(contenders, load, times.repetitions, context);
      const figures = measured.map((each, i) => figuresOf(each, i < 2 ? perStream : perPage));
      const ratios = kinds.map(([kind]) =>
        ratioOf(measured, `${kind}, behind the wall`, `${kind}, without it`),
      );
      const machine = readMachine();
      const store = { name: "postgres", ...place };
      const lines: [string, string][] = [
        ...surroundings({ machine, store }),
        ["load", `${load.inFlight} reads in flight over 8 connections, ${events} events`],
        ["times", `${times.repetitions} x ${times.seconds} s each in turns`],
      ];
      return {
        document: { suite: "walls", machine, load: { ...load, events, ...times }, figures, ratios },
        text: [formatList(lines), contenderTable(figures), ratios.map(ratioLine).join("\n")].join(
          "\n\n",
        ),
        charts: [contenderChart("reads and row level security", figures)],
      };
    } finally {
      for (const reader of readers) await reader.drop();
      await place.close();
    }
  },
};

interface Reader {
  readonly url: string;
  drop(): Promise<void>;
}

/** A role that may read, and the database's URL as this role. */
async function createReader(url: string, wall: "BYPASSRLS" | "NOBYPASSRLS"): Promise<Reader> {
  const role = `reader_${randomUUID().slice(0, 8)}`;
  const password = randomUUID();
  await query(
    url,
    `CREATE ROLE ${role} LOGIN ${wall} PASSWORD '${password}';
    GRANT USAGE ON SCHEMA annals TO ${role};
    GRANT SELECT ON ALL TABLES IN SCHEMA annals TO ${role};`,
  );
  const asReader = new URL(url);
  asReader.username = role;
  asReader.password = password;
  const drop = async (): Promise<void> => {
    await query(url, `DROP OWNED BY ${role}; DROP ROLE ${role};`);
  };
  return { url: asReader.href, drop };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
