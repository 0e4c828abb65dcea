import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import fc from "fast-check";

/** Depth at which no more messages are put into messages. */
const maxDepth = 4;

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom("", "Order", "OrderPlaced", "\0", " ", "a".repeat(255), "a".repeat(256), "1"),
  fc.uuid(),
  fc.constantFrom("g1-0", "0-0", "-1", "00000000-0000-0000-0000-000000000000"),
);
const number = fc.oneof(
  fc.constantFrom(0, 1, 2, 1_000, 1_001, 2 ** 31 - 1, -1, -(2 ** 31)),
  fc.integer(),
);
const bigint = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -1n, -(2n ** 63n)),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);

/** A message of a type with any of its fields set to anything: well-formed, and mostly nonsense. */
export function arbitraryMessage(desc: DescMessage, depth = 0): fc.Arbitrary<Message> {
  const fields = desc.fields.filter(
    ({ fieldKind, message }) => depth < maxDepth || !message || fieldKind === "map",
  );
  const shape = Object.fromEntries(
    fields
      .filter(({ oneof }) => oneof === undefined)
      .map((field) => [field.localName, arbitraryField(field, depth)]),
  );
  const oneofs = Object.fromEntries(
    desc.oneofs.map((oneof) => [
      oneof.localName,
      fc.oneof(
        ...oneof.fields
          .filter((field) => fields.includes(field))
          .map((field) =>
            fc.record({ case: fc.constant(field.localName), value: arbitraryField(field, depth) }),
          ),
        fc.constant({ case: undefined }),
      ),
    ]),
  );
  return fc
    .record({ ...shape, ...oneofs }, { requiredKeys: [] })
    .map((init) => create(desc, init as never));
}

function arbitraryField(field: DescField, depth: number): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case "message":
      return arbitraryMessage(field.message, depth + 1);
    case "enum":
      return fc.oneof(
        fc.constantFrom(...field.enum.values.map((value) => value.number)),
        fc.nat(99),
      );
    case "scalar":
      return arbitraryScalar(field.scalar);
    case "list":
      return fc.array(
        field.listKind === "message"
          ? arbitraryMessage(field.message, depth + 1)
          : field.listKind === "enum"
            ? fc.nat(9)
            : arbitraryScalar(field.scalar),
        { maxLength: 3 },
      );
    case "map":
      return fc.dictionary(
        text,
        field.mapKind === "scalar" ? arbitraryScalar(field.scalar) : text,
        {
          maxKeys: 3,
        },
      );
    default:
      return field satisfies never;
  }
}

function arbitraryScalar(scalar: ScalarType): fc.Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 64 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return number.map((n) => n >>> 0);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return bigint.map((n) => BigInt.asUintN(64, n));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return bigint;
    default:
      return number;
  }
}

/** Where bytes are changed, and how. */
const mutation = fc.record({
  at: fc.nat(),
  how: fc.oneof(
    fc.record({ kind: fc.constant("cut" as const) }),
    fc.record({ kind: fc.constant("flip" as const), bit: fc.nat(7) }),
    fc.record({
      kind: fc.constant("insert" as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    }),
    fc.record({ kind: fc.constant("double" as const), count: fc.integer({ min: 1, max: 40 }) }),
  ),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** Some bytes with a few places changed; often none. */
export function mutated(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(bytes, fc.array(mutation, { maxLength: 4 }))
    .map(([original, mutations]) => mutations.reduce(mutate, original));
}

function mutate(bytes: Uint8Array, { at, how }: Mutation): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (how.kind) {
    case "cut":
      return before;
    case "flip": {
      const changed = Uint8Array.from(bytes);
      if (place < changed.length) changed[place]! ^= 1 << how.bit;
      return changed;
    }
    case "insert":
      return Buffer.concat([before, how.bytes, after]);
    case "double":
      return Buffer.concat([before, after.subarray(0, how.count), after]);
    default:
      return how satisfies never;
  }
}

/** A message in binary, mostly a little damaged. */
export function arbitraryBytes(desc: DescMessage): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    {
      weight: 4,
      arbitrary: mutated(arbitraryMessage(desc).map((message) => toBinary(desc, message))),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}
