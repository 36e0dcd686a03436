import { Command, Options } from "@effect/cli"
import { Clock, Console, Effect, Option, Schema } from "effect"
import type { AdminSource } from "../composition/status.ts"
import { findStuck } from "../operations/findStuck.ts"
import { type Invocation, type InvocationFilter, Invocations } from "../operations/Invocations.ts"
import { InvocationWatchSettings } from "../operations/InvocationWatchSettings.ts"
import { remediationCommand } from "../operations/remediationCommand.ts"
import { reportingFailures } from "./commandFailed.ts"
import { configFile, program } from "./program.ts"
import { adminUrl } from "./restateOptions.ts"
import { type ShownInvocation, type StatusReport, statusJson, statusLines } from "./statusReport.ts"

const service = Options.text("service").pipe(
  Options.withDescription("Lists the open invocations of this service."),
  Options.optional
)

const key = Options.text("key").pipe(
  Options.withDescription("Lists the open invocations of this key, exactly as written."),
  Options.optional
)

const limit = Options.integer("limit").pipe(
  Options.withSchema(Schema.Int.pipe(Schema.between(1, 1000))),
  Options.withDescription("How many invocations are listed at most."),
  Options.withDefault(50)
)

const json = Options.boolean("json").pipe(Options.withDescription("Prints one JSON object instead of tables."))

interface Asked extends InvocationFilter {
  readonly limit: number
}

/** Includes what paused the invocations, a separate field in Restate. */
const withCauses = (invocations: ReadonlyArray<Invocation>) =>
  Effect.gen(function* () {
    const { failures } = yield* Invocations
    const paused = invocations.filter(({ status }) => status === "paused").map(({ id }) => id)
    const causes = yield* failures(paused)
    return invocations.map((invocation) => ({
      ...invocation,
      failure: causes.get(invocation.id) ?? invocation.failure
    }))
  })

/** A suggested command for each stuck invocation; one that is backing off may be retried at once. */
const withWaysOut = (invocations: ReadonlyArray<Invocation>, now: number) =>
  Effect.map(InvocationWatchSettings, ({ deadlines, ...address }): ReadonlyArray<ShownInvocation> => {
    const stuck = new Map(
      findStuck({ invocations, waiting: new Map(), deadlines }, now).map(({ invocation, reason }) => [
        invocation.id,
        reason
      ])
    )
    return invocations.map((invocation) => {
      const { id, status } = invocation
      const trouble =
        status === "paused" ? "paused" : (stuck.get(id) ?? (status === "backing-off" ? "retrying" : undefined))
      return { invocation, wayOut: trouble === undefined ? null : remediationCommand(address, id, trouble) }
    })
  })

/** Without a service or key: counts of all services, and the stuck invocations. */
const report = ({
  limit,
  ...filter
}: Asked): Effect.Effect<
  StatusReport,
  Effect.Effect.Error<ReturnType<Invocations["Type"]["counts"]>>,
  Invocations | InvocationWatchSettings
> =>
  Effect.gen(function* () {
    const invocations = yield* Invocations
    const isFiltered = filter.service !== undefined || filter.key !== undefined
    const counts = yield* invocations.counts(filter)
    const listed = counts.filter(({ status }) => isFiltered || status === "paused")
    const total = listed.reduce((sum, { count }) => sum + count, 0)
    const found = total === 0 ? [] : yield* isFiltered ? invocations.list(filter, limit) : invocations.paused(limit)
    const now = yield* Clock.currentTimeMillis
    const shown = yield* Effect.flatMap(withCauses(found), (all) => withWaysOut(all, now))
    return { now, counts, shown, more: Math.max(0, total - shown.length) }
  })

const show = (asked: Asked, source: AdminSource, asJson: boolean) =>
  Effect.gen(function* () {
    const { StatusServices } = yield* Effect.promise(() => import("../composition/status.ts"))
    const status = yield* Effect.provide(report(asked), StatusServices(source))
    if (asJson) return yield* Console.log(JSON.stringify(statusJson(status)))
    yield* Effect.forEach(statusLines(status), (line) => Console.log(line), { discard: true })
  })

/** Shows the open invocations. Read-only; needs only Restate's admin API. */
export const statusCommand = Command.make(
  "status",
  { service, key, limit, json, adminUrl, config: configFile },
  ({ adminUrl, json, key, limit, service, ...own }) =>
    Effect.gen(function* () {
      const outer = yield* program
      const asked = { service: Option.getOrUndefined(service), key: Option.getOrUndefined(key), limit }
      const config = Option.orElse(own.config, () => outer.config)
      yield* show(asked, { config, adminUrl }, json)
    }).pipe(reportingFailures("status"))
).pipe(
  Command.withDescription(
    "Shows how many invocations run, wait, back off and are paused, by service; with --service or --key, which."
  )
)
