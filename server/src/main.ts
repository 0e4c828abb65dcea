#!/usr/bin/env node
import { Command, Option } from "commander";
import { makeApiKey } from "./commands/make-api-key.js";
import { serve } from "./commands/serve.js";
import type { Config } from "./config/config.js";
import { ConfigError, flagOf, loadConfig, variableOf } from "./config/load-config.js";
import { type Setting, settings } from "./config/settings.js";
import { scopes } from "./interceptors/call.js";
import { serverVersion } from "./version.js";

const program = new Command("annals")
  .description("A multi-tenant event store.")
  .version(serverVersion);

// A command loads what it alone needs: "serve" hears signals the sooner.
withSettings(program.command("serve", { isDefault: true }).description("Run the server."), serve);
withSettings(
  program.command("health").description("Exit 0 when the server at --grpc-address is serving."),
  async (config) => (await import("./commands/health.js")).checkHealth(config),
);

withSettings(
  program
    .command("migrate")
    .description("Bring a PostgreSQL store's schema to the newest version."),
  async (config) => (await import("./commands/migrate.js")).migrateStore(config),
);

program
  .command("make-api-key")
  .description("Make an API key: the key on standard error, its entry for the file on output.")
  .requiredOption("--subject <name>", "who it is for")
  .option("--tenant <uuid...>", "the tenants; none for an operator", [])
  .addOption(
    new Option("--scope <scope...>", "what it may do")
      .choices(scopes)
      .default(["events:append", "events:read"]),
  )
  .option("--expires-at <time>", "as in RFC 3339; by default never")
  .action(makeApiKey);

await program.parseAsync();

/** Gives a command a flag for every setting, and its action the configuration. */
function withSettings(command: Command, action: (config: Config) => Promise<void>): void {
  command.option("--config <file>", "a JSON file of settings");
  for (const [key, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    if (setting.secret) continue;
    command.addOption(
      new Option(`--${flagOf(key)} <value>`, `${setting.doc} [${variableOf(key)}]`),
    );
  }
  command.action(async (flags: Record<string, string | undefined>) => {
    const config = load(flags);
    if (config) await action(config);
  });
}

function load(flags: Record<string, string | undefined>): Config | undefined {
  try {
    const isTerminal = process.stdout.isTTY;
    return loadConfig({ flags, env: process.env, file: flags["config"], isTerminal });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`annals: the configuration is wrong:\n${error.message}\n`);
    process.exitCode = 2;
    return undefined;
  }
}
