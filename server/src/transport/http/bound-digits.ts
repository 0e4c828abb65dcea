import { protoInt64 } from "@bufbuild/protobuf";

/** Digits of the longest number of 64 bits, and room for zeros before them. */
const maxDigits = 100;

/**
 * Has the protobuf library refuse a text of very many digits where JSON has a number of 64 bits. It makes a BigInt of
 * the text before it compares: of millions of digits, in seconds. Which text stands for a number is known to its
 * decoder alone, which Connect's library calls, too: so this is done for the whole process, which loses nothing.
 */
export function boundDigits(): void {
  for (const name of ["parse", "uParse"] as const) {
    const parse = protoInt64[name].bind(protoInt64);
    protoInt64[name] = (value) => {
      if (typeof value === "string" && value.length > maxDigits) throw new Error("too many digits");
      return parse(value);
    };
  }
}
