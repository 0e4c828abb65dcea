/**
 * SQL for the frame of an event that tells nothing but its position, of up to 21 bits: enough for what
 * is read to find its way on.
 *
 * @param position an expression in SQL
 */
export function frameInSql(position: string): string {
  const part = (shift: number, more: number): string =>
    `(((${position})::integer >> ${shift} & 127) | ${more}) << ${16 - (8 * shift) / 7}`;
  const varint = [part(0, 128), part(7, 128), part(14, 0)].map((sql) => `(${sql})`).join(" | ");
  return `'\\x0a0438'::bytea || decode(lpad(to_hex(${varint}), 6, '0'), 'hex')`;
}
