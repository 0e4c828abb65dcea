// Generates the Python client's code from the contract with grpcio-tools, in a cache folder's venv.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const venv = "node_modules/.cache/annals-python";
const python = join(venv, "bin/python");
const tools = "grpcio-tools==1.76.0";
const run = (command, args) => execFileSync(command, args, { stdio: "inherit" });

if (!existsSync(python)) run("python3", ["-m", "venv", venv]);
run(python, ["-m", "pip", "install", "--quiet", tools]);

const contract = readdirSync("proto/annals/v1").map((name) => join("proto/annals/v1", name));
const out = "clients/python/src";
run(python, [
  ...["-m", "grpc_tools.protoc", "-Iproto"],
  ...[`--python_out=${out}`, `--pyi_out=${out}`, `--grpc_python_out=${out}`],
  ...contract,
]);
