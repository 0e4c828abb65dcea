import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Metadata } from "@grpc/grpc-js";
import { ErrorDetailSchema } from "@annals/proto/annals/v1/error";
import { AnnalsError, describeFailure, type Failure } from "../../domain/error.js";
import { codeOf, toErrorDetail } from "../error-detail.js";

const typeUrl = `type.googleapis.com/${ErrorDetailSchema.typeName}`;

/** What grpc-js takes as the end of a failed call. */
export interface FailedStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * Whatever a chain of interceptors threw, as the status that grpc-js sends. The typed detail rides in
 * the trailer grpc-status-details-bin, a google.rpc.Status: https://google.aip.dev/193
 *
 * @param inDoubt the call wrote before it failed, and not all was answered
 */
export function toFailedStatus(error: unknown, requestId: string, inDoubt = false): FailedStatus {
  const failure: Failure =
    error instanceof AnnalsError ? error.failure : { reason: "internal", outcomeUnknown: true };
  const code = codeOf(failure);
  const details = describeFailure(failure);
  const metadata = new Metadata();
  const detail = toBinary(ErrorDetailSchema, toErrorDetail(failure, requestId, inDoubt));
  metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(code, details, detail)));
  return { code, details, metadata };
}

/** google.rpc.Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3 } */
function encodeStatus(code: number, message: string, detail: Uint8Array): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .tag(3, WireType.LengthDelimited)
    .fork()
    .tag(1, WireType.LengthDelimited)
    .string(typeUrl)
    .tag(2, WireType.LengthDelimited)
    .bytes(detail)
    .join()
    .finish();
}
