import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Metadata } from "@grpc/grpc-js";
import { ErrorDetailSchema } from "@annals/proto/annals/v1/error";
import { AnnalsError, describeFailure, type Failure } from "../../domain/error.js";
import { codeOf, toErrorDetail } from "../error-detail.js";

const typeUrl = `type.googleapis.com/${ErrorDetailSchema.typeName}`;

/** What grpc-js takes as a failed call. */
export type StatusError = Error & {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
};

/**
 * Whatever a chain of interceptors threw, as the error that grpc-js sends as a status. The typed
 * detail rides in the trailer grpc-status-details-bin, a google.rpc.Status:
 * https://google.aip.dev/193
 */
export function toStatusError(error: unknown, requestId: string): StatusError {
  const failure: Failure =
    error instanceof AnnalsError ? error.failure : { reason: "internal", outcomeUnknown: true };
  const code = codeOf(failure);
  const details = describeFailure(failure);
  const metadata = new Metadata();
  const detail = toBinary(ErrorDetailSchema, toErrorDetail(failure, requestId));
  metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(code, details, detail)));
  return Object.assign(new Error(details), { code, details, metadata });
}

/** google.rpc.Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3 } */
function encodeStatus(code: number, message: string, detail: Uint8Array): Uint8Array {
  const any = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(typeUrl)
    .tag(2, WireType.LengthDelimited)
    .bytes(detail)
    .finish();
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .tag(3, WireType.LengthDelimited)
    .bytes(any)
    .finish();
}
