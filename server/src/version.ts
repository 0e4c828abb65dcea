import { readFileSync } from "node:fs";

const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");

/** The version of this software (semver.org). */
export const serverVersion: string = (JSON.parse(manifest) as { readonly version: string }).version;
