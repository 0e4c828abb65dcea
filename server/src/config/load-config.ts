import { readFileSync } from "node:fs";
import { type Config, type Fault, faultsOf, resolveConfig, type SettingValues } from "./config.js";
import { type Setting, settings } from "./settings.js";

/** Where settings come from; the first that has one wins. */
export interface ConfigSources {
  /** By key, as the command line gave them. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A JSON file; undefined: none. */
  readonly file: string | undefined;
  readonly isTerminal: boolean;
}

/** The configuration is wrong; the message lists every fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ key, problem }) => `  ${key}: ${problem}`).join("\n"));
  }
}

/** @throws ConfigError with every fault there is */
export function loadConfig(sources: ConfigSources): Config {
  const faults: Fault[] = [];
  const fromFile = readConfigFile(sources.file, faults);
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const given = sources.flags[key] ?? sources.env[variableOf(key)] ?? fromFile[key];
    const parsed = setting.schema.safeParse(given);
    if (parsed.success) values[key] = parsed.data;
    else faults.push(...faultsOf(key, parsed.error));
  }
  if (faults.length > 0) throw new ConfigError(faults);

  const surroundings = {
    readFile: (file: string) => readFileSync(file, "utf8"),
    isTerminal: sources.isTerminal,
  };
  const config = resolveConfig(values as unknown as SettingValues, surroundings, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** "callTimeoutMs" -> "ANNALS_CALL_TIMEOUT_MS" */
export function variableOf(key: string): string {
  return `ANNALS_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** "callTimeoutMs" -> "call-timeout-ms" */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function readConfigFile(file: string | undefined, faults: Fault[]): Record<string, unknown> {
  if (file === undefined) return {};
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof content !== "object" || content === null || Array.isArray(content)) {
      throw new Error("it is not a JSON object");
    }
    for (const key of Object.keys(content)) {
      if (!(key in settings)) faults.push({ key, problem: `there is no such setting (${file})` });
    }
    return content as Record<string, unknown>;
  } catch (error) {
    faults.push({ key: "config", problem: `${file}: ${String(error)}` });
    return {};
  }
}
