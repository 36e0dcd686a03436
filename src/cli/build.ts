import { Args, Command } from "@effect/cli"
import { Schema } from "effect"
import { BuildFacts, buildFacts } from "../operations/build/BuildFacts.ts"
import { buildLines } from "./buildReport.ts"
import { withoutTime } from "./factLines.ts"
import { factOptions } from "./factOptions.ts"
import { showFacts } from "./showFacts.ts"

/** The width of `deployments.id` and of `deployments.build_id`. */
const build = Args.text({ name: "build" }).pipe(
  Args.withSchema(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(128))),
  Args.withDescription("The build's id, or the id of its deployment.")
)

const toJson = Schema.encodeSync(BuildFacts)

const timeless = (facts: BuildFacts): BuildFacts => ({
  ...facts,
  now: 0,
  deploy: facts.deploy === null ? null : withoutTime(facts.deploy)
})

/** Shows one build. Read-only; works without Restate or without ClickHouse. */
export const buildCommand = Command.make("build", { build, ...factOptions }, ({ build, ...options }) =>
  showFacts("build", buildFacts(build), { textLines: buildLines, toJson, timeless }, options)
).pipe(
  Command.withDescription(
    "Shows what a build is doing: its place in the queue of build slots, its progress or its failure, its image, the end of its log, and the commands that act on it. Example: build d_W1sxMKKS --watch."
  )
)
