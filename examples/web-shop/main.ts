import { once } from "node:events";
import { openShop } from "./shop.js";

function required(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new Error(`${name} is not set`);
}

await using shop = await openShop({
  annalsAddress: process.env["ANNALS_ADDRESS"] ?? "127.0.0.1:50051",
  databaseUrl: required("DATABASE_URL"),
  publicKeyFile: required("PUBLIC_KEY_FILE"),
  operatorTokenFile: required("OPERATOR_TOKEN_FILE"),
  port: Number(process.env["PORT"] ?? 3000),
  logLevel: "info",
});
process.stdout.write(`${shop.url}\n`);
await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
