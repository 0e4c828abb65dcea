// Generates the Go client's code from the contract, with plugins that are built into a cache folder.
// `--check` writes nothing and fails when the committed code is stale.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const plugins = [
  "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
];
const bin = resolve("node_modules/.cache/annals-go/bin");
const committed = "clients/go/gen";

const env = { ...process.env, GOBIN: bin, GOTOOLCHAIN: "local" };
for (const plugin of plugins) execFileSync("go", ["install", plugin], { env, stdio: "inherit" });

const name = (plugin) => /([^/]+)@/.exec(plugin)[1];
const template = {
  version: "v2",
  clean: true,
  managed: {
    enabled: true,
    override: [{ file_option: "go_package_prefix", value: "annals.dev/go/gen" }],
  },
  plugins: plugins.map((plugin) => ({
    local: join(bin, name(plugin)),
    out: committed,
    opt: ["paths=source_relative"],
  })),
};
const generate = (folder) =>
  execFileSync(
    "node_modules/.bin/buf",
    ["generate", "--template", JSON.stringify(template), "-o", folder],
    { stdio: "inherit" },
  );

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "annals-go-"));
  try {
    generate(folder);
    const fresh = join(folder, committed);
    const { status } = spawnSync("diff", ["-r", committed, fresh], { stdio: "inherit" });
    if (status !== 0) console.error(`${committed} is stale: run \`node scripts/generate-go.mjs\``);
    process.exitCode = status === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  generate(".");
}
