import { defineDecider, defineEvent } from "@annals/client";
import { z } from "zod";

const amount = z.object({ amount: z.number() });
export const Deposited = defineEvent({
  type: "Deposited",
  aggregateType: "Account",
  schema: amount,
});
export const Withdrawn = defineEvent({
  type: "Withdrawn",
  aggregateType: "Account",
  schema: amount,
});

/** The account's state, and how it is JSON. */
export const accountState = z.object({ balance: z.number(), movements: z.number() });

export type AccountCommand =
  | { readonly kind: "deposit"; readonly amounts: readonly number[] }
  | { readonly kind: "withdraw"; readonly amount: number };

/** An account that is never overdrawn. */
export const accounts = defineDecider({
  aggregateType: "Account",
  events: [Deposited, Withdrawn],
  initialState: () => ({ balance: 0, movements: 0 }),
  decide: (command: AccountCommand, { balance }) => {
    if (command.kind === "deposit") {
      return command.amounts.map((each) => Deposited.create({ amount: each }));
    }
    if (command.amount > balance) throw new RangeError("insufficient funds");
    return Withdrawn.create({ amount: command.amount });
  },
  evolve: ({ balance, movements }, { eventType, data }) => ({
    balance: eventType === "Deposited" ? balance + data.amount : balance - data.amount,
    movements: movements + 1,
  }),
});

/** The command to pay in, each amount an event. */
export const deposit = (...amounts: readonly number[]): AccountCommand => ({
  kind: "deposit",
  amounts,
});
