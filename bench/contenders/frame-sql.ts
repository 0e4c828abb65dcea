import { sizeOfVarint } from "#server/domain/frame-writer.js";

/** An event's fields as expressions of PostgreSQL, or as plain texts. */
export interface FrameParts {
  readonly tenant: string;
  /** uuid */
  readonly eventId: string;
  readonly aggregateType: string;
  /** text, of so many bytes, all ASCII */
  readonly aggregateId: { readonly sql: string; readonly bytes: number };
  readonly eventType: string;
  /** bigint */
  readonly version: string;
  /** bigint */
  readonly position: string;
  /** bigint: milliseconds since 1970, when it occurred and was recorded */
  readonly ms: string;
  /** bytea, of so many bytes */
  readonly data: { readonly sql: string; readonly bytes: number };
  readonly contentType: string;
}

/** What a field needs: what it is as bytea, and how long that is. */
type Part = readonly [sql: string, bytes: number];

/**
 * The frame of an event (domain/event-frame.ts) as an expression of PostgreSQL. Numbers take a fixed
 * number of bytes, as protobuf allows, so that all lengths are known.
 */
export function frameSql(parts: FrameParts): string {
  const time = message(
    number(1, `(${parts.ms}) / 1000`, 5),
    number(2, `(${parts.ms}) % 1000 * 1000000`, 5),
  );
  const event = message(
    plain(1, parts.tenant),
    bytes(2, `convert_to(${parts.eventId}::text, 'UTF8')`, 36),
    plain(3, parts.aggregateType),
    bytes(4, `convert_to(${parts.aggregateId.sql}, 'UTF8')`, parts.aggregateId.bytes),
    plain(5, parts.eventType),
    number(6, parts.version, 4),
    number(7, parts.position, 4),
    bytes(8, ...time),
    bytes(9, ...time),
    bytes(10, parts.data.sql, parts.data.bytes),
    plain(11, parts.contentType),
  );
  return bytes(1, ...event)[0];
}

function message(...parts: readonly Part[]): Part {
  return [
    `(${parts.map(([sql]) => sql).join(" || ")})`,
    parts.reduce((n, [, size]) => n + size, 0),
  ];
}

function plain(no: number, text: string): Part {
  const content = Buffer.from(text);
  return bytes(no, constant(content), content.length);
}

function bytes(no: number, sql: string, length: number): Part {
  const head: number[] = [(no << 3) | 2];
  let rest = length;
  for (; rest > 127; rest >>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  return [`${constant(Buffer.from(head))} || ${sql}`, 1 + sizeOfVarint(length) + length];
}

/** A varint of so many bytes, whatever its value. */
function number(no: number, sql: string, size: number): Part {
  const digits = Array.from({ length: size }, (_, i) => {
    const more = i === size - 1 ? 0 : 128;
    return `(((((${sql})::bigint >> ${7 * i}) & 127) | ${more}) << ${8 * (size - 1 - i)})`;
  });
  const hex = `lpad(to_hex(${digits.join(" | ")}), ${2 * size}, '0')`;
  return [`${constant(Buffer.from([no << 3]))} || decode(${hex}, 'hex')`, 1 + size];
}

function constant(content: Buffer): string {
  return `'\\x${content.toString("hex")}'::bytea`;
}
