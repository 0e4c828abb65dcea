import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import type { Instant } from "../../domain/instant.js";
import type { LogHead, WholeLogHead } from "../../domain/log.js";
import type { StreamId, StreamInfo } from "../../domain/stream.js";
import type { TenantId } from "../../domain/tenant.js";
import type { PutOutcome, RecordKey, RecordQuery, StoredRecord } from "../record-store.js";
import type { LogQuery, StreamQuery, TenantUsage, WholeLogQuery } from "../store.js";
import { Appender } from "./append.js";
import {
  type PackedBatch,
  type PackedOutcomes,
  packOutcomes,
  unpackBatch,
} from "./packed-batch.js";
import { getEvent } from "./get-event.js";
import { getHead, getWholeHead } from "./get-head.js";
import { getStream, isForeignStream } from "./get-stream.js";
import { inTransaction } from "./in-transaction.js";
import { readLog, readWholeLog } from "./read-log.js";
import { readStream } from "./read-stream.js";
import { deleteRecord, getRecord, listRecords, putRecord } from "./records.js";
import type { RowPage } from "./page-of.js";
import type { EventRow } from "./row.js";
import type { ScanPage } from "./scan-log.js";
import { getTenantUsage, listTenantUsage } from "./tenant-usage.js";
import { Statements } from "./statements.js";

/** What a worker can be asked: plain data in and out, for it crosses threads. */
export interface Operations {
  readonly append: (batch: PackedBatch, now: Instant) => PackedOutcomes;
  readonly readStream: (query: StreamQuery) => { page: RowPage; atEnd: boolean };
  readonly readLog: (query: LogQuery) => ScanPage;
  readonly readWholeLog: (query: WholeLogQuery) => {
    page: RowPage;
    scannedTo: string;
    atEnd: boolean;
  };
  readonly getEvent: (tenantId: string, eventId: string) => EventRow | undefined;
  readonly getStream: (tenantId: string, stream: StreamId) => StreamInfo | undefined;
  readonly isForeignStream: (tenantId: string, stream: StreamId) => boolean;
  readonly getHead: (tenantId: string) => LogHead;
  readonly getWholeHead: () => WholeLogHead;
  readonly getTenantUsage: (tenantId: TenantId) => TenantUsage;
  readonly listTenantUsage: (after: string, maxTenants: number) => TenantUsage[];
  readonly getRecord: (key: RecordKey) => StoredRecord | undefined;
  readonly putRecord: (
    key: RecordKey,
    value: Uint8Array,
    expected: bigint | undefined,
    now: Instant,
  ) => PutOutcome;
  readonly deleteRecord: (key: RecordKey) => void;
  readonly listRecords: (query: RecordQuery) => StoredRecord[];
}

/** The operations on one connection. */
export function createOperations(database: DatabaseSyncInstance): Operations {
  const statements = new Statements(database);
  const appender = new Appender(database, statements);
  return {
    append: (batch, now) =>
      packOutcomes(appender.append(unpackBatch(batch), now), appender.lastCommitMs),
    readStream: (query) => readStream(statements, query),
    readLog: (query) => readLog(statements, query),
    readWholeLog: (query) => readWholeLog(statements, query),
    getEvent: (tenantId, eventId) => getEvent(statements, tenantId, eventId),
    getStream: (tenantId, stream) => getStream(statements, tenantId, stream),
    isForeignStream: (tenantId, stream) => isForeignStream(statements, tenantId, stream),
    getHead: (tenantId) => getHead(statements, tenantId),
    getWholeHead: () => getWholeHead(statements),
    getTenantUsage: (tenantId) => getTenantUsage(statements, tenantId),
    listTenantUsage: (...args) => listTenantUsage(statements, ...args),
    getRecord: (key) => getRecord(statements, key),
    putRecord: (...args) => inTransaction(database, () => putRecord(statements, ...args)),
    deleteRecord: (key) => {
      inTransaction(database, () => {
        deleteRecord(statements, key);
      });
    },
    listRecords: (query) => listRecords(statements, query),
  };
}
