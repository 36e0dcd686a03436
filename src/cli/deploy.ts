import { Args, Command } from "@effect/cli"
import { Schema } from "effect"
import { DeployFacts, deployFacts } from "../operations/deploy/DeployFacts.ts"
import { deployLines } from "./deployReport.ts"
import { withoutTime } from "./factLines.ts"
import { factOptions } from "./factOptions.ts"
import { showFacts } from "./showFacts.ts"

/** The width of `deployments.id`. */
const deployment = Args.text({ name: "deployment" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(128))),
  Args.withDescription("The deployment's id, such as d_W1sxMKKS.")
)

const toJson = Schema.encodeSync(DeployFacts)

/** Shows one deployment. Read-only; works without the database or without Restate. */
export const deployCommand = Command.make("deploy", { deployment, ...factOptions }, ({ deployment, ...options }) =>
  showFacts("deploy", deployFacts(deployment), { textLines: deployLines, toJson, timeless: withoutTime }, options)
).pipe(
  Command.withDescription(
    "Shows what a deployment is doing: its phases, what it waits for and until when, its last error, and the commands that act on it. Example: deploy d_W1sxMKKS --watch."
  )
)
