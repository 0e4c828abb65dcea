import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { invalidArgument } from "../../domain/error.js";

/** Checks a message of the schema it was made for. `path` is empty for the request itself. */
export type AssertKnownFields = (message: Message, path: string) => void;

/**
 * Makes the check that refuses a request with a field this server does not know, at any depth: a
 * condition or a filter that went unheard would be worse than an error. The check throws
 * AnnalsError invalid_argument.
 */
export function createKnownFieldsCheck(schema: DescMessage): AssertKnownFields {
  const parts = schema.fields.flatMap((field) => checkOfField(field) ?? []);
  return (message, path) => {
    const unknown = message.$unknown?.[0];
    if (unknown) {
      throw invalidArgument(
        path || "request",
        `field ${unknown.no} is not known to this server: it is newer than the server`,
      );
    }
    for (const part of parts) part(message, path === "" ? "" : `${path}.`);
  };
}

function checkOfField(field: DescField): AssertKnownFields | undefined {
  if (!field.message || field.fieldKind === "map") return undefined;
  const check = createKnownFieldsCheck(field.message);
  const { name, localName } = field;
  const { oneof } = field;
  if (oneof) {
    return (message, prefix) => {
      const chosen = valueOf(message, oneof.localName) as OneofValue | undefined;
      if (chosen?.case === localName) check(chosen.value as Message, `${prefix}${name}`);
    };
  }
  if (field.fieldKind === "list") {
    return (message, prefix) => {
      (valueOf(message, localName) as readonly Message[]).forEach((item, i) => {
        check(item, `${prefix}${name}[${i}]`);
      });
    };
  }
  return (message, prefix) => {
    const value = valueOf(message, localName) as Message | undefined;
    if (value) check(value, `${prefix}${name}`);
  };
}

interface OneofValue {
  readonly case: string | undefined;
  readonly value: unknown;
}

function valueOf(message: Message, localName: string): unknown {
  return (message as Message & Readonly<Record<string, unknown>>)[localName];
}
