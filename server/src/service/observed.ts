import type { ServiceContext, ServiceObserver } from "./context.js";

/** Pages, and the observer told of their events as they are taken. */
export function observed<Page>(
  { observer }: ServiceContext,
  pages: AsyncIterable<Page>,
  eventsIn: (page: Page) => number,
): AsyncIterable<Page> {
  return observer ? tellOf(observer, pages, eventsIn) : pages;
}

async function* tellOf<Page>(
  observer: ServiceObserver,
  pages: AsyncIterable<Page>,
  eventsIn: (page: Page) => number,
): AsyncGenerator<Page, void, undefined> {
  for await (const page of pages) {
    observer.eventsRead(eventsIn(page));
    yield page;
  }
}
