// Writes docs/reference/api.md out of the contract's comments and the server's limits. With a folder
// as its argument, writes there.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFileRegistry, fromBinary, ScalarType } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { format, resolveConfig } from "prettier";

const folder = process.argv[2] ?? "docs/reference";
const image = execFileSync("buf", ["build", "--as-file-descriptor-set", "-o", "-"]);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
const files = [...registry.files].filter(({ proto }) => proto.package === "annals.v1");

// Comments stand beside the declarations, by their paths in FileDescriptorProto: the number of the
// field that lists them and the index there.
const comments = new Map();
for (const { proto } of files) {
  const at = (descriptors, path, number, visit) =>
    descriptors.forEach((descriptor, i) => {
      const here = [...path, number, i];
      const found = proto.sourceCodeInfo.location.find(({ path }) => `${path}` === `${here}`);
      comments.set(descriptor, found?.leadingComments ?? "");
      visit?.(descriptor, here);
    });
  at(proto.messageType, [], 4, (message, path) => {
    at(message.field, path, 2);
    at(message.oneofDecl, path, 8);
  });
  at(proto.enumType, [], 5, (found, path) => at(found.value, path, 2));
  at(proto.service, [], 6, (service, path) => at(service.method, path, 2));
}

/** A comment as one line of Markdown. */
const docOf = ({ proto }) => comments.get(proto).trim().replace(/\s+/g, " ").replace(/\|/g, "\\|");
const anchorOf = (name) => `#${name.toLowerCase()}`;
const linked = (desc) =>
  desc.file.proto.package === "annals.v1"
    ? `[\`${desc.name}\`](${anchorOf(desc.name)})`
    : `\`${desc.typeName}\``;

function typeOf(field) {
  if (field.fieldKind === "map") {
    return `\`map<${nameOfScalar(field.mapKey)}, ${nameOfScalar(field.scalar)}>\``;
  }
  const one = field.message ?? field.enum;
  const name = one ? linked(one) : `\`${nameOfScalar(field.scalar)}\``;
  return field.fieldKind === "list" ? `repeated ${name}` : name;
}

function nameOfScalar(type) {
  return ScalarType[type].toLowerCase();
}

function table(headings, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line), ""].join("\n");
}

function serviceSection(service) {
  const methods = service.methods.map((method) => {
    const streamed = {
      unary: ["", ""],
      server_streaming: ["", "stream of "],
      client_streaming: ["stream of ", ""],
      bidi_streaming: ["stream of ", "stream of "],
    }[method.methodKind];
    return [
      `### ${method.name}`,
      docOf(method),
      `${streamed[0]}${linked(method.input)} → ${streamed[1]}${linked(method.output)}, at ` +
        `\`/${service.typeName}/${method.name}\``,
    ].join("\n\n");
  });
  return [`## ${service.name}`, docOf(service), ...methods].join("\n\n");
}

function messageSection(message) {
  const rows = message.fields.map((field) => {
    const choice = field.oneof ? `One of \`${field.oneof.name}\`. ` : "";
    return [field.number, `\`${field.name}\``, typeOf(field), choice + docOf(field)];
  });
  const choices = message.oneofs.map((oneof) => `\`${oneof.name}\`: ${docOf(oneof)}`);
  const fields = rows.length > 0 ? [table(["", "field", "type", "what it is"], rows)] : [];
  return [`### ${message.name}`, docOf(message), ...choices, ...fields].join("\n\n");
}

function enumSection(found) {
  const rows = found.values.map((value) => [value.number, `\`${value.name}\``, docOf(value)]);
  return [`### ${found.name}`, docOf(found), table(["", "value", "what it is"], rows)].join("\n\n");
}

/** "CODE: meaning; see detail. What to do." */
function reasonRow(value) {
  const match = /^([A-Z_]+): (.*?)(?:; see (\w+)(?: for a write)?)?\.(?: (.*))?$/.exec(
    docOf(value),
  );
  if (!match) throw new Error(`${value.name}: its comment is not "CODE: meaning. What to do."`);
  const [, code, meaning, detail, advice = ""] = match;
  const field = registry
    .getMessage("annals.v1.ErrorDetail")
    .fields.find(({ name }) => name === detail);
  const kind = field?.message ? linked(field.message) : field ? `\`${detail}\`` : "";
  return [`\`${value.name.replace("ERROR_REASON_", "")}\``, `\`${code}\``, meaning, kind, advice];
}

function limitRows() {
  const source = readFileSync("server/src/domain/limits.ts", "utf8");
  return [...source.matchAll(/\/\*\* (.*) \*\/\n {2}(\w+): ([\d_]+),/g)].map(
    ([, doc, name, value]) => [
      `\`${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}\``,
      Number(value.replaceAll("_", "")).toLocaleString("en"),
      doc,
    ],
  );
}

const reasons = registry.getEnum("annals.v1.ErrorReason").values.filter(({ number }) => number > 0);
const text = [
  "<!-- Generated by `npm run generate` from proto/annals/v1. Do not edit. -->",
  "# The API",
  "Package `annals.v1`, as its [protos](../../proto/annals/v1) say it. The gRPC port serves it over gRPC; " +
    "the HTTP port over Connect (a POST to the path, JSON or binary), gRPC-Web and gRPC: " +
    "[how](../how-to/http-and-curl.md).",
  ...files.flatMap((file) => file.services.map(serviceSection)),
  "## Error reasons",
  "Each failed call carries one [`ErrorDetail`](#errordetail). Branch on its `reason`; " +
    "[errors](errors.md) says how to find it.",
  table(["reason", "gRPC code", "what it means", "detail", "what to do"], reasons.map(reasonRow)),
  "## Limits",
  "An error names the limit. Those that an operator sets are in [limits](limits.md).",
  table(["limit", "value", "on what"], limitRows()),
  "## Messages",
  ...files.flatMap((file) => file.messages.map(messageSection)),
  "## Enums",
  ...files.flatMap((file) => file.enums.map(enumSection)),
].join("\n\n");

const target = join(folder, "api.md");
const config = await resolveConfig("docs/reference/api.md");
writeFileSync(target, await format(text, { ...config, parser: "markdown" }));
