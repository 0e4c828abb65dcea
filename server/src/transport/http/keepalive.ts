import type { Http2Session } from "node:http2";

/** A connection that does not answer a ping in so long is dead, in milliseconds. */
const answerMs = 20_000;

/** Pings an HTTP/2 connection now and then, and cuts it off when it does not answer. */
export function keepAlive(session: Http2Session, everyMs: number): void {
  let deadline: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (deadline) return;
    deadline = setTimeout(() => {
      session.destroy();
    }, answerMs);
    session.ping(() => {
      clearTimeout(deadline);
      deadline = undefined;
    });
  }, everyMs);
  timer.unref();
  session.on("close", () => {
    clearInterval(timer);
    clearTimeout(deadline);
  });
}
