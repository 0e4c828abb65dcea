/**
 * Which bytes have a code of which length, in bits (RFC 7541, appendix B). The codes follow: they
 * count up through the lengths, and within a length through the bytes. 256 is the end marker.
 */
const bytesByLength: readonly (readonly [bits: number, bytes: readonly number[]])[] = [
  [5, codes("012aceiost")],
  [6, codes(" %-./3456789=A_bdfghlmnpru")],
  [7, codes(":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz")],
  [8, codes("&*,;XZ")],
  [10, codes('!"()?')],
  [11, codes("'+|")],
  [12, codes("#>")],
  [13, [0, ...codes("$@[]~")]],
  [14, codes("^}")],
  [15, codes("<`{")],
  [19, [92, 195, 208]],
  [20, [128, 130, 131, 162, 184, 194, 224, 226]],
  [21, [153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230]],
  [
    22,
    [
      129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187,
      189, 190, 196, 198, 228, 232, 233,
    ],
  ],
  [
    23,
    [
      1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168,
      174, 175, 180, 182, 183, 188, 191, 197, 231, 239,
    ],
  ],
  [24, [9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237]],
  [25, [199, 207, 234, 235]],
  [26, [192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255]],
  [
    27,
    [203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254],
  ],
  [
    28,
    [
      2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30,
      31, 127, 220, 249,
    ],
  ],
  [30, [10, 13, 22, 256]],
];

/** What a code is in the tree of codes: a byte, or where it goes on with a 0 and with a 1. */
type Node = number | [zero: Node | undefined, one: Node | undefined];

const tree: Node = growTree();

/**
 * Undoes HPACK's Huffman coding (RFC 7541, section 5.2).
 *
 * @throws Error when the bytes are not such a code, or are padded otherwise than by up to 7 ones
 */
export function decodeHuffman(coded: Uint8Array): Buffer {
  const bytes: number[] = [];
  let node: Node | undefined = tree;
  let depth = 0;
  let onlyOnes = true;
  for (const byte of coded) {
    for (let bit = 7; bit >= 0; bit--) {
      const one = ((byte >> bit) & 1) === 1;
      node = typeof node === "object" ? node[one ? 1 : 0] : undefined;
      depth++;
      onlyOnes &&= one;
      if (node === undefined || node === 256) throw new Error("HPACK: not a Huffman code");
      if (typeof node === "number") {
        bytes.push(node);
        node = tree;
        depth = 0;
        onlyOnes = true;
      }
    }
  }
  if (depth > 7 || !onlyOnes) throw new Error("HPACK: wrong padding of a Huffman code");
  return Buffer.from(bytes);
}

function growTree(): Node {
  const root: Node = [undefined, undefined];
  let code = 0;
  let length = 0;
  for (const [bits, bytes] of bytesByLength) {
    code *= 2 ** (bits - length);
    length = bits;
    for (const byte of bytes) {
      let node = root;
      for (let bit = bits - 1; bit > 0; bit--) {
        const side = Math.floor(code / 2 ** bit) % 2;
        const next = node[side] ?? [undefined, undefined];
        if (typeof next === "number") throw new Error("one code begins another");
        node[side] = next;
        node = next;
      }
      node[code % 2] = byte;
      code++;
    }
  }
  return root;
}

function codes(text: string): number[] {
  return [...Buffer.from(text, "latin1")];
}
