export {
  AggregateRepository,
  type AggregateRepositoryOptions,
  type LoadOptions,
} from "./aggregates/aggregate-repository.js";
export { AggregateRoot, type UncommittedEvent } from "./aggregates/aggregate-root.js";
export {
  type DecidedAggregate,
  type Decider,
  type DeciderParts,
  type DecisionOf,
  defineDecider,
  type FactOf,
} from "./aggregates/decider.js";
export type { CommandOf, ExecuteOptions, WorkOn } from "./aggregates/execute.js";
export type { SnapshotOptions } from "./aggregates/snapshot-policy.js";
export type { CallOptions, ConnectionOptions } from "./connection/connection.js";
export { allTenants, type CredentialOptions, type Provided } from "./connection/credentials.js";
export type { TraceOptions } from "./connection/trace.js";
export {
  type IssuedToken,
  refreshingToken,
  type RefreshingTokenOptions,
} from "./connection/refreshing-token.js";
export {
  AnnalsError,
  type AnnalsErrorOf,
  type ErrorCode,
  type ErrorDetails,
  type ErrorExtras,
  isAnnalsError,
} from "./connection/errors.js";
export {
  Annals,
  connect,
  type ConnectOptions,
  type KnownEvents,
  type LogHead,
  type StreamInfo,
} from "./event-store/annals.js";
export type { AppendRequest, AppendResult, StreamId } from "./event-store/append.js";
export type { EventFilter, ExpectedVersion } from "./event-store/codec.js";
export {
  type EventPage,
  EventStream,
  type FollowMark,
  type UnreadableEvent,
} from "./event-store/event-stream.js";
export type { EventsByTypeOptions } from "./event-store/get-events-by-type.js";
export type {
  ProjectionCallOptions,
  Projections,
  StoredProjection,
} from "./event-store/projections.js";
export type { ReadOptions } from "./event-store/read.js";
export type { ReadAllOptions } from "./event-store/read-all.js";
export type { ServerInfo } from "./event-store/server-info.js";
export type { NewSnapshot, Snapshot, Snapshots } from "./event-store/snapshots.js";
export type { SubscribeOptions, SubscriptionState } from "./event-store/subscribe.js";
export type {
  OwnTenant,
  Tenant,
  TenantChanges,
  TenantLimits,
  Tenants,
} from "./event-store/tenants.js";
export type {
  EventsRead,
  RawEvent,
  UnknownEvents,
  UnknownEventType,
} from "./events/unknown-events.js";
export { defineEvent, type EventDefinition, type EventOf } from "./events/define-event.js";
export type { DomainEvent, EventFact, EventOptions, NewEvent } from "./events/domain-event.js";
export { type EventCases, matchEvent } from "./events/match-event.js";
export { withCausation, withMetadata } from "./events/event-context.js";
export {
  DeclarativeProjection,
  defineProjection,
  handles,
  type Projection,
} from "./projections/declarative-projection.js";
export { type EventHandler, type HandlerEntry, on } from "./projections/handlers.js";
export { createMemoryProjectionStore } from "./projections/memory-projection-store.js";
export { ProjectionRunner } from "./projections/projection-runner.js";
export type {
  DeadLetter,
  ProjectionClaim,
  ProjectionProgress,
  ProjectionStore,
} from "./projections/projection-store.js";
export type { ProjectionScope } from "./projections/server-projection-store.js";
export type { RetryPolicy } from "./projections/retry-policy.js";
export type { GivenContext, HandlerContext } from "./projections/handler-context.js";
export type { RunnableProjection } from "./projections/runnable-projection.js";
export type {
  ProjectionHealth,
  ProjectionReport,
  ProjectionRunnerOptions,
  ProjectionState,
  RebuildProgress,
} from "./projections/runner-options.js";
export { currentTenant, requireTenant, runWithTenant } from "./tenancy/context.js";
export type { TenantAccess, TenantHooks } from "./tenancy/tenant-hooks.js";
export { TenantScopedRepository } from "./tenancy/tenant-scoped-repository.js";
export {
  refusalStatus,
  verifiedTenant,
  type VerifiedTenantOptions,
} from "./tenancy/verified-tenant.js";
