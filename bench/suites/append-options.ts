import { Option } from "commander";
import { numberFrom } from "./number-option.js";

/** How long appends are measured, as options give it. */
export interface TimeOptions {
  readonly seconds?: number;
  readonly warmUpSeconds?: number;
  readonly repetitions?: number;
  readonly quick?: true;
}

/** What times are when nobody says. */
const usual = { seconds: 4, warmUpSeconds: 1, repetitions: 5 };
const quick = { seconds: 0.5, warmUpSeconds: 0.2, repetitions: 1 };

/** Options of suites whose contenders are driven in turns. */
export const timeOptions: readonly Option[] = [
  new Option("--seconds <s>", `length of a repetition (default: ${usual.seconds})`).argParser(
    numberFrom(0.1, 3_600, { fraction: true }),
  ),
  new Option(
    "--warm-up-seconds <s>",
    `before each repetition (default: ${usual.warmUpSeconds})`,
  ).argParser(numberFrom(0, 600, { fraction: true })),
  new Option("--repetitions <n>", `interleaved (default: ${usual.repetitions})`).argParser(
    numberFrom(1, 1_000),
  ),
  new Option("--quick", "short times: to see that it works, not for figures"),
];

/** What was asked for, and what is usual for the rest. */
export function timesOf(options: TimeOptions): typeof usual {
  const base = options.quick ? quick : usual;
  const { seconds = base.seconds, warmUpSeconds = base.warmUpSeconds } = options;
  return { seconds, warmUpSeconds, repetitions: options.repetitions ?? base.repetitions };
}

/** An option that is a whole number from 1 on, with a default. */
export function countOption(flags: string, text: string, max: number, usualCount: number): Option {
  return new Option(flags, text).argParser(numberFrom(1, max)).default(usualCount);
}

/** How many bytes of JSON an event has. */
export const dataBytesOption: Option = new Option("--data-bytes <n>", "bytes of JSON in each event")
  .argParser(numberFrom(64, 1_000_000))
  .default(256);
