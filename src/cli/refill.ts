import { Args, Command } from "@effect/cli"
import { Effect, Logger, Option, Schema } from "effect"
import { RefillFacts, refillFacts } from "../operations/RefillFacts.ts"
import { reportingFailures } from "./commandFailed.ts"
import { commandLines, invocationLines, labelled } from "./factLines.ts"
import { factOptions } from "./factOptions.ts"
import { printable } from "./printable.ts"
import { program } from "./program.ts"
import { printFrame, watching } from "./watch.ts"

const date = Args.text({ name: "date" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.pattern(/^\d{4}-\d\d-\d\d(-.{1,64})?$/))),
  Args.withDescription("The date in UTC, such as 2026-12-01, with the suffix of a repeated run if it has one.")
)

const toJson = Schema.encodeSync(RefillFacts)

/** The facts as text, one line each. */
export const refillLines = ({ commands, date, invocations, now }: RefillFacts): ReadonlyArray<string> => [
  `refill of ${printable(date)}`,
  ...labelled([...invocations.flatMap((one) => invocationLines(one, now)), ...commandLines(commands)])
]

/** Shows the refill of a date. Read-only; needs only Restate's admin API. */
export const refillCommand = Command.make(
  "refill",
  { date, ...factOptions },
  ({ adminUrl, date, json, watch, ...own }) =>
    Effect.gen(function* () {
      const outer = yield* program
      const config = Option.orElse(own.config, () => outer.config)
      const { FactSources } = yield* Effect.promise(() => import("../composition/facts.ts"))
      const linesOf = (facts: RefillFacts) => (json ? [JSON.stringify(toJson(facts))] : refillLines(facts))
      const read = Effect.map(refillFacts(date), (facts) => ({
        lines: linesOf(facts),
        timeless: linesOf({ ...facts, now: 0 })
      }))
      const run = watch ? watching(read, { redraws: !json }) : Effect.flatMap(read, printFrame)
      yield* Effect.provide(run, FactSources({ config, adminUrl }))
    }).pipe(
      // Keeps log lines out of the output.
      Effect.provide(Logger.remove(Logger.defaultLogger)),
      reportingFailures("refill")
    )
).pipe(
  Command.withDescription(
    "Shows the refill of keys of a date: its run and the current part, their last step, last error, and the commands that act on them. Example: refill 2026-12-01."
  )
)
