import type { Option } from "commander";
import type { Chart } from "../report/chart.js";

/** One kind of benchmark: a command of bench/main.ts. */
export interface Suite {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** Arguments with which it is over in seconds: to see that it works, not for figures. */
  readonly quick: readonly (readonly string[])[];
  /**
   * Runs it.
   *
   * @param values of the options, as their parsers made them
   * @throws Error when a figure would not be honest: a call failed, or work was acknowledged that
   *   was not done
   */
  run(values: Readonly<Record<string, unknown>>, context: SuiteContext): Promise<Report>;
}

export interface SuiteContext {
  /** Abort: stop at once, leave nothing behind. */
  readonly signal: AbortSignal;
  /** Tells a waiting person how far it is. */
  readonly progress: (line: string) => void;
}

/** What came of a suite, in two forms. */
export interface Report {
  /** To print as JSON. */
  readonly document: object;
  /** To read; its tables are Markdown. */
  readonly text: string;
  /** To draw. */
  readonly charts: readonly Chart[];
}
