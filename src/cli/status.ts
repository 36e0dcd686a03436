import { Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import type { AdminSource } from "../composition/status.ts"
import { reportingFailures } from "./commandFailed.ts"
import { factOptions } from "./factOptions.ts"
import { program } from "./program.ts"
import { type Asked, readStatus } from "./readStatus.ts"
import { limitOption } from "./restateOptions.ts"
import { type StatusReport, statusJson, statusLines } from "./statusReport.ts"
import { printFrame, watching } from "./watch.ts"

const service = Options.text("service").pipe(
  Options.withDescription(
    "Lists the open invocations of this service, such as DeployService. Default: all, as counts."
  ),
  Options.optional
)

const key = Options.text("key").pipe(
  Options.withDescription(
    "Lists the open invocations of this key, exactly as written, such as a project's id or a domain; or of a deployment's id. Default: all."
  ),
  Options.optional
)

const limit = limitOption("How many invocations are listed at most.", 50)

/** The report without what changes with the time alone. */
const withoutTime = (status: StatusReport): StatusReport => ({ ...status, now: 0 })

const linesOf = (status: StatusReport, asJson: boolean) =>
  asJson ? [JSON.stringify(statusJson(status))] : statusLines(status)

const show = (
  asked: Asked,
  source: AdminSource,
  { json, watch }: { readonly json: boolean; readonly watch: boolean }
) =>
  Effect.gen(function* () {
    const { StatusServices } = yield* Effect.promise(() => import("../composition/status.ts"))
    const read = Effect.map(readStatus(asked), (status) => ({
      lines: linesOf(status, json),
      timeless: linesOf(withoutTime(status), json)
    }))
    const run = watch ? watching(read, { redraws: !json }) : Effect.flatMap(read, printFrame)
    yield* Effect.provide(run, StatusServices(source))
  })

/** Shows the open invocations. Read-only; needs only Restate's admin API. */
export const statusCommand = Command.make(
  "status",
  { service, key, limit, ...factOptions },
  ({ adminUrl, json, key, limit, service, watch, ...own }) =>
    Effect.gen(function* () {
      const outer = yield* program
      const asked = { service: Option.getOrUndefined(service), key: Option.getOrUndefined(key), limit }
      const config = Option.orElse(own.config, () => outer.config)
      yield* show(asked, { config, adminUrl }, { json, watch })
    }).pipe(reportingFailures("status"))
).pipe(
  Command.withDescription(
    "Shows how many invocations run, wait, back off and are paused, by service; with --service or --key, which, with their last step, what they wait for and why they failed. Example: status --service DeployService --watch."
  )
)
