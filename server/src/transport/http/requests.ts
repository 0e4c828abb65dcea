import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { failureOfAbort } from "../../domain/abort.js";
import { AnnalsError, invalidArgument } from "../../domain/error.js";
import type { AssertKnownFields } from "../codec/unknown-fields.js";
import { toRequestError } from "./connect-error.js";

/**
 * The requests of a call as they come, read only when they are asked for. Aborted, they end with its
 * failure.
 *
 * @param maxBytes the largest message
 * @throws AnnalsError invalid_argument, limit_exceeded or unimplemented for what cannot be read
 */
export async function* incoming<Desc extends DescMessage>(
  schema: Desc,
  assertKnownFields: AssertKnownFields,
  requests: AsyncIterable<MessageShape<Desc>>,
  signal: AbortSignal,
  maxBytes: number,
): AsyncGenerator<MessageShape<Desc>, void, undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  for (;;) {
    const next = await unlessAborted(iterator.next(), signal).catch((error: unknown) => {
      throw ownError(error) ?? toRequestError(error, schema.typeName, maxBytes);
    });
    if (next.done) return;
    assertKnownFields(next.value, "");
    yield next.value;
  }
}

/**
 * The one request of a call that has one.
 *
 * @throws AnnalsError invalid_argument when there is none, or more
 */
export async function onlyOne<Request>(requests: AsyncIterable<Request>): Promise<Request> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) throw invalidArgument("request", "is missing");
  const second = await iterator.next();
  if (!second.done) throw invalidArgument("request", "is followed by another");
  return first.value;
}

/** The library wraps what is thrown while it reads. */
function ownError(error: unknown): AnnalsError | undefined {
  if (error instanceof AnnalsError) return error;
  return error instanceof Error && error.cause instanceof AnnalsError ? error.cause : undefined;
}

async function unlessAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(new AnnalsError(failureOfAbort(signal, true)));
    };
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
