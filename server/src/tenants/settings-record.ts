import { z } from "zod";
import type { TenantSettings } from "../domain/tenant-settings.js";

const limit = z.number().int().positive().optional();

const schema = z.object({
  displayName: z.string(),
  features: z.array(z.string()),
  limits: z.object({
    appendEventsPerSecond: limit,
    appendBytesPerSecond: limit,
    eventsPerDay: limit,
    storedBytes: limit,
    openStreams: limit,
    pageEvents: limit,
  }),
  suspension: z
    .object({ suspendedAt: z.string().transform((text) => BigInt(text)), reason: z.string() })
    .optional(),
});

/** A tenant's settings as a record's value: JSON, instants as decimal text. */
export function encodeSettings({ suspension, ...settings }: TenantSettings): Uint8Array {
  const text = JSON.stringify({
    ...settings,
    suspension: suspension && { ...suspension, suspendedAt: String(suspension.suspendedAt) },
  });
  return new TextEncoder().encode(text);
}

/** @throws Error when the value is no such record */
export function decodeSettings(value: Uint8Array): TenantSettings {
  const { suspension, limits, ...settings } = schema.parse(
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value)),
  );
  const set = Object.entries(limits).filter(([, maximum]) => maximum !== undefined);
  return { ...settings, limits: Object.fromEntries(set), suspension };
}
