import { Args, Command, HelpDoc, Options } from "@effect/cli"
import { Console, Effect, Layer, Logger, Option, Schema } from "effect"
import { RestateAdmin } from "../operations/RestateAdmin.ts"
import { describeElsewhere } from "../operations/RestateVersions.ts"
import { reportingFailures } from "./commandFailed.ts"
import { configFile, program } from "./program.ts"
import { adminUrl } from "./restateOptions.ts"

/** Restate knew the address before and keeps sending new work to a version that was registered later. */
export class NotNewest extends Schema.TaggedError<NotNewest>()("NotNewest", {
  address: Schema.String,
  elsewhere: Schema.String
}) {
  override get message(): string {
    return `${this.address} was registered before, and ${this.elsewhere}: --force makes it the newest again if the same build answers there`
  }
}

const address = Args.text({ name: "address" }).pipe(
  Args.withDescription("Where Restate reaches this version: http://control-plane-worker-v2.control-plane:9080."),
  Args.mapEffect((text) =>
    /^https?:$/.test(URL.parse(text)?.protocol ?? "")
      ? Effect.succeed(text)
      : Effect.fail(HelpDoc.p("address: expected an http:// or https:// address"))
  )
)

const force = Options.boolean("force").pipe(
  Options.withDescription(
    "Asks the address for its handlers even if Restate knows it, and makes it the newest. Only where the same build answers as before."
  )
)

/** Registers a version, so that its services' new work goes there. Safe to repeat. Fails with `NotNewest`. */
export const register = Command.make(
  "register",
  { address, force, adminUrl, config: configFile },
  ({ address: uri, force }) =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      const { id } = yield* admin.register({ uri, force })
      const state = yield* admin.stateOf(uri)
      if (state.elsewhere.length > 0) return yield* new NotNewest({ address: uri, elsewhere: describeElsewhere(state) })
      yield* Console.log(`registered ${id} (${uri}): new work goes there`)
    })
).pipe(
  Command.withDescription(
    "Registers a version of the worker with Restate, so that new work goes to it. Example: register http://control-plane-worker:9080."
  )
)

/** Attempts that are repeated are reported on standard error. */
const WarningsAside = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))

/** The command on the configured Restate. Needs only Restate's admin API. */
export const registerCommand = register.pipe(
  Command.provide(({ adminUrl, config }) =>
    Layer.unwrapEffect(
      Effect.gen(function* () {
        const { Admin } = yield* Effect.promise(() => import("../composition/commands.ts"))
        const outer = yield* program
        return Layer.merge(Admin({ config: Option.orElse(config, () => outer.config), adminUrl }), WarningsAside)
      })
    )
  ),
  Command.transformHandler(reportingFailures("register"))
)
