/**
 * Answers a stream of requests, many at a time, each as soon as it is ready. Requests are begun in
 * their order. When the requests end or fail, what is in flight is still answered first; an answer
 * that rejects ends everything at once.
 *
 * @param maxInFlight requests taken whose answer is not delivered yet; past it none is taken, so a
 *   caller that does not read its answers is not read from either
 */
export async function* answerConcurrently<Request, Response>(
  requests: AsyncIterable<Request>,
  answer: (request: Request) => Promise<Response>,
  maxInFlight: number,
): AsyncGenerator<Response, void, undefined> {
  const ready: Response[] = [];
  let inFlight = 0; // begun and not delivered
  let ended = false;
  let stopped = false;
  let requestsFailure: { readonly error: unknown } | undefined;
  let answerFailure: { readonly error: unknown } | undefined;
  let wake = (): void => undefined; // the delivering side
  let resume = (): void => undefined; // the taking side

  const take = async (): Promise<void> => {
    for await (const request of requests) {
      if (stopped) return;
      inFlight++;
      answer(request).then(
        (response) => {
          ready.push(response);
          wake();
        },
        (error: unknown) => {
          answerFailure ??= { error };
          wake();
        },
      );
      while (inFlight >= maxInFlight && !stopped) {
        await new Promise<void>((resolve) => (resume = resolve));
      }
    }
  };

  take()
    .catch((error: unknown) => (requestsFailure = { error }))
    .finally(() => {
      ended = true;
      wake();
    });
  try {
    for (;;) {
      for (const response of ready.splice(0)) {
        yield response;
        inFlight--;
        resume();
      }
      if (answerFailure) throw answerFailure.error;
      if (ended && inFlight === 0) {
        if (requestsFailure) throw requestsFailure.error;
        return;
      }
      if (ready.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopped = true;
    resume();
  }
}
