import { limits } from "../../domain/limits.js";
import { type Call } from "../../interceptors/call.js";
import { traceparentOf } from "../../interceptors/trace-context.js";
import type { AppendCommand } from "../../service/append.js";

const key = "traceparent";

/**
 * An append whose events say in their metadata which trace they came of, where the call says it: the
 * key `traceparent`. An event that has the key keeps its own; one without room for it goes without.
 */
export function withTraceparent(command: AppendCommand, call: Call): AppendCommand {
  const traceparent = traceparentOf(call);
  if (traceparent === undefined) return command;
  const events = command.events.map((event) => {
    const full = Object.keys(event.metadata).length >= limits.metadataKeys;
    if (key in event.metadata || full) return event;
    return { ...event, metadata: { ...event.metadata, [key]: traceparent } };
  });
  return { ...command, events };
}
