/** One key for a kind of event. Neither name can hold a control character, so no two kinds share one. */
export function eventKey(aggregateType: string, eventType: string): string {
  return `${aggregateType}\n${eventType}`;
}
