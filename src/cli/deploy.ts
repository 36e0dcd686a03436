import { Args, Command } from "@effect/cli"
import { Effect, Logger, Option, Schema } from "effect"
import { DeployFacts, deployFacts } from "../operations/deploy/DeployFacts.ts"
import { reportingFailures } from "./commandFailed.ts"
import { deployLines } from "./deployReport.ts"
import { withoutTime } from "./factLines.ts"
import { factOptions } from "./factOptions.ts"
import { program } from "./program.ts"
import { printFrame, watching } from "./watch.ts"

/** The width of `deployments.id`. */
const deployment = Args.text({ name: "deployment" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(128))),
  Args.withDescription("The deployment's id, such as d_W1sxMKKS.")
)

const toJson = Schema.encodeSync(DeployFacts)

const linesOf = (facts: DeployFacts, asJson: boolean) => (asJson ? [JSON.stringify(toJson(facts))] : deployLines(facts))

/** Shows one deployment. Read-only; works without the database or without Restate. */
export const deployCommand = Command.make(
  "deploy",
  { deployment, ...factOptions },
  ({ adminUrl, deployment, json, watch, ...own }) =>
    Effect.gen(function* () {
      const outer = yield* program
      const config = Option.orElse(own.config, () => outer.config)
      const { FactSources } = yield* Effect.promise(() => import("../composition/facts.ts"))
      const read = Effect.map(deployFacts(deployment), (facts) => ({
        lines: linesOf(facts, json),
        timeless: linesOf(withoutTime(facts), json)
      }))
      const run = watch ? watching(read, { redraws: !json }) : Effect.flatMap(read, printFrame)
      yield* Effect.provide(run, FactSources({ config, adminUrl }))
    }).pipe(
      // Keeps log lines out of the output.
      Effect.provide(Logger.remove(Logger.defaultLogger)),
      reportingFailures("deploy")
    )
).pipe(
  Command.withDescription(
    "Shows what a deployment is doing: its phases, what it waits for and until when, its last error, and the commands that act on it. Example: deploy d_W1sxMKKS --watch."
  )
)
