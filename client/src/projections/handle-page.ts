import type { ReadablePage } from "../event-store/event-stream.js";
import { toUnreadableDeadLetter } from "./dead-letter.js";
import type { Gate } from "./gate.js";
import { handleInLanes } from "./handle-in-lanes.js";
import { handleInTransactions } from "./handle-in-transactions.js";
import type { PageWork } from "./page-work.js";
import type { Progress } from "./progress.js";
import { writeProgress } from "./write-progress.js";

/**
 * Handles what is open of a page, and writes how far that is; returns early once the signal is aborted.
 *
 * @throws AnnalsError unreadable_event, unknown_event_type, unknown_event_version where those are to
 *   fail; projection_superseded
 */
export async function handlePage<Transaction>(
  work: PageWork<Transaction>,
  page: ReadablePage,
  progress: Progress,
  { gate, signal }: { readonly gate: Gate; readonly signal: AbortSignal },
): Promise<void> {
  const { store, unreadableEvents = "dead_letter" } = work.options;
  const unreadable = page.unreadable.filter(({ error, globalPosition }) =>
    progress.isOpen({ position: error.details.position, globalPosition }),
  );
  const failedAt = unreadable.findIndex(
    ({ error }) => unreadableEvents === "fail" || error.code === "unknown_event_type",
  );
  const failed = unreadable[failedAt];
  await putAside(work, failed ? unreadable.slice(0, failedAt) : unreadable);
  const readable = failed ? page.events.slice(0, failed.index) : page.events;
  let events = readable.filter((event) => progress.isOpen(event));
  while (events.length > 0 && !signal.aborted) {
    await gate.pass(signal);
    const done = store.transactional
      ? await handleInTransactions(work, events)
      : await handleInLanes(work as unknown as PageWork<undefined>, events);
    events = events.slice(done);
  }
  if (events.length > 0) return;
  if (failed) throw failed.error;
  const place = progress.endPage(page.resumeFrom);
  if (place) await writeProgress(work, { place });
}

async function putAside<Transaction>(
  work: PageWork<Transaction>,
  unreadable: ReadablePage["unreadable"],
): Promise<void> {
  for (const { error } of unreadable) {
    const deadLetter = toUnreadableDeadLetter(error);
    await writeProgress(work, { place: work.written(), deadLetter });
    work.report({ kind: "unreadable_event", error });
  }
}
