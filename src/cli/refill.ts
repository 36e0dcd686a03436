import { Args, Command } from "@effect/cli"
import { Schema } from "effect"
import { RefillFacts, refillFacts } from "../operations/RefillFacts.ts"
import { commandLines, invocationLines, labelled } from "./factLines.ts"
import { factOptions } from "./factOptions.ts"
import { printable } from "./printable.ts"
import { showFacts } from "./showFacts.ts"

const date = Args.text({ name: "date" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.pattern(/^\d{4}-\d\d-\d\d(-.{1,64})?$/))),
  Args.withDescription("The date in UTC, such as 2026-12-01, with the suffix of a repeated run if it has one.")
)

const toJson = Schema.encodeSync(RefillFacts)
const timeless = (facts: RefillFacts): RefillFacts => ({ ...facts, now: 0 })

/** The facts as text, one line each. */
export const refillLines = ({ commands, date, invocations, now }: RefillFacts): ReadonlyArray<string> => [
  `refill of ${printable(date)}`,
  ...labelled([...invocations.flatMap((one) => invocationLines(one, now)), ...commandLines(commands)])
]

/** Shows the refill of a date. Read-only; needs only Restate's admin API. */
export const refillCommand = Command.make("refill", { date, ...factOptions }, ({ date, ...options }) =>
  showFacts("refill", refillFacts(date), { textLines: refillLines, toJson, timeless }, options)
).pipe(
  Command.withDescription(
    "Shows the refill of keys of a date: its run and the current part, their last step, last error, and the commands that act on them. Example: refill 2026-12-01."
  )
)
