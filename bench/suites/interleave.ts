import type { Contender, Load } from "../contenders/contender.js";
import type { LoadResult } from "../load/load-job.js";
import type { SuiteContext } from "./suite.js";

/** The first repetition's warm-up is so many times longer: the code is cold. */
const coldFactor = 3;

/** The repetitions of one contender. */
export interface Measured {
  readonly contender: Contender;
  readonly results: readonly LoadResult[];
}

/**
 * Drives the contenders in turns (a, b, a, b ...), so that whatever changes on the machine meanwhile
 * changes for all; then has each prove what it acknowledged; then stops them, come what may.
 */
export async function driveInterleaved(
  contenders: readonly Contender[],
  load: Load,
  repetitions: number,
  { signal, progress }: SuiteContext,
): Promise<readonly Measured[]> {
  const measured = contenders.map((contender) => ({ contender, results: [] as LoadResult[] }));
  try {
    for (const contender of contenders) await contender.start();
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      const warmUpMs = load.warmUpMs * (repetition === 1 ? coldFactor : 1);
      for (const { contender, results } of measured) {
        const result = await contender.drive({ ...load, warmUpMs }, { signal });
        results.push(result);
        const rate = Math.round(result.calls / result.seconds);
        progress(`${repetition}/${repetitions} ${contender.name}: ${rate} calls/s`);
      }
    }
    for (const { contender, results } of measured) {
      await contender.verify(results.reduce((sum, result) => sum + result.acknowledged, 0));
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
  return measured;
}
