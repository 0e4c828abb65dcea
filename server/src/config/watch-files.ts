import { unwatchFile, watchFile } from "node:fs";

/**
 * Tells of changes to files, also of those that are replaced by a rename, within about a second.
 *
 * @returns stops it
 */
export function watchFiles(files: readonly string[], onChange: () => void): () => void {
  const listener = (): void => {
    onChange();
  };
  for (const file of files) watchFile(file, { interval: 500, persistent: false }, listener);
  return () => {
    for (const file of files) unwatchFile(file, listener);
  };
}
