import type { Logger } from "pino";
import { watchFiles } from "./watch-files.js";

/** Until files that could not be used are read again, unless they change before. */
const retryMs = 5_000;

/**
 * Reads files now, and again when they change. A fault then leaves what is in use, and they are read again and again
 * until they can be used: not every fault ends with a change of the file.
 *
 * @returns stops it
 * @throws what `read` throws at first
 */
export function keepFresh(files: readonly string[], read: () => void, logger: Logger): () => void {
  let retry: NodeJS.Timeout | undefined;
  const readAgain = (): void => {
    clearTimeout(retry);
    try {
      read();
      logger.info({ files }, "read again");
    } catch (error) {
      logger.error({ err: error, files }, "not usable; what was read before stays in use");
      retry = setTimeout(readAgain, retryMs).unref();
    }
  };
  const unwatch = watchFiles(files, readAgain); // before the first read: no change is missed between the two
  const stop = (): void => {
    unwatch();
    clearTimeout(retry);
  };
  try {
    read();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
