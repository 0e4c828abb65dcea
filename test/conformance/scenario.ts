import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";

const call = {
  call: z.string(),
  as: z.string().default("a"),
  metadata: z.record(z.string(), z.string()).optional(),
  request: z.json().optional(),
  requests: z.array(z.json()).optional(),
};

const step = z.union([
  z.strictObject({ open: z.string(), ...call }),
  z.strictObject({
    ...call,
    expect: z.json().optional(),
    events: z.array(z.json()).optional(),
    answersById: z.record(z.string(), z.json()).optional(),
    error: z.strictObject({ code: z.string(), detail: z.json().optional() }).optional(),
    save: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({
    from: z.string(),
    events: z.array(z.json()),
    until: z.string().optional(),
    ended: z.literal(true).optional(),
  }),
  z.strictObject({ close: z.string() }),
]);

const scenario = z.strictObject({ name: z.string(), steps: z.array(step) });

export type Step = z.output<typeof step>;
export type Scenario = z.output<typeof scenario>;

/** The scenarios of all files in a folder. @throws when one is not as the README says */
export function readScenarios(folder: URL): Scenario[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.toSorted().flatMap((name) => {
    const json: unknown = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
    return z.array(scenario).parse(json);
  });
}
