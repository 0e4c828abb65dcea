export { givenAggregate, type GivenAggregate, type WhenDone } from "./given-aggregate.js";
export { type DeciderFunctions, givenDecider, type GivenDecider } from "./given-decider.js";
export { givenProjection, type GivenProjection } from "./given-projection.js";
export type { ExpectedError, Outcome } from "./outcome.js";
export { recorded, type RecordedAs } from "./recorded.js";
export { sequentialIds, steppingClock, type TimeAndIds, withTimeAndIds } from "./time-and-ids.js";
