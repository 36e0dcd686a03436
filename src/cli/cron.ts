import { Args, Command, Options } from "@effect/cli"
import { Array as Arr, Clock, Config, Console, Effect, Layer, Logger, Option, Predicate, Schema } from "effect"
import { exposureOf } from "../config/httpAddresses.ts"
import { loadIngressUrl } from "../config/restateAdmin.ts"
import { exposedSecretEvent } from "../config/Setting.ts"
import { firingOf, schedules } from "../contract/schedules.ts"
import { RestateIngress } from "../operations/RestateIngress.ts"
import { reportingFailures } from "./commandFailed.ts"
import { configFile, program } from "./program.ts"

/** Nothing was sent, because the ingress address is missing or invalid. */
export class NoIngress extends Schema.TaggedError<NoIngress>()("NoIngress", { problem: Schema.String }) {
  override get message(): string {
    return `${this.problem}: give --ingress, or set restate.ingress_url or RESTATE_INGRESS, for instance to http://restate:8080`
  }
}

const task = Args.choice(
  schedules.map((schedule) => [schedule.name, schedule] as [string, typeof schedule]),
  { name: "task" }
).pipe(Args.withDescription("The schedule to fire. See deploy/crontab for when each of them is due."))

const at = Options.date("at").pipe(
  Options.withDescription(
    "The instant to fire for, such as 2026-02-28T00:00:00Z. Default: now. A schedule fires once in its period."
  ),
  Options.optional
)

const ingress = Options.text("ingress").pipe(
  Options.withPseudoName("URL"),
  Options.withDescription(
    "Address of Restate's ingress. Default: RESTATE_INGRESS, else restate.ingress_url. Its key is read from RESTATE_API_KEY."
  ),
  Options.optional
)

const isHttp = (address: string) => /^https?:\/\/./.test(address) && URL.canParse(address)

/** The settings are read only if nothing else names the address: a CronJob has no settings. */
const addressOf = (given: Option.Option<string>, file: Option.Option<string>) =>
  Effect.gen(function* () {
    const variable = yield* Effect.option(Config.nonEmptyString("RESTATE_INGRESS"))
    const named = Option.orElse(given, () => variable)
    const address = Option.isSome(named) ? named : yield* loadIngressUrl(file)
    if (Option.isNone(address)) return yield* new NoIngress({ problem: "no address of Restate's ingress" })
    // Not quoted: an address may contain a password.
    if (!isHttp(address.value)) return yield* new NoIngress({ problem: "the ingress is no http or https address" })
    return address.value
  })

/** The key of RESTATE_API_KEY goes to the ingress with every request. */
const warnOfExposedKey = (address: string) =>
  Effect.gen(function* () {
    const key = yield* Effect.option(Config.nonEmptyString("RESTATE_API_KEY"))
    const exposure = exposureOf(address)
    if (Option.isSome(key) && Option.isSome(exposure))
      yield* Effect.logWarning(exposedSecretEvent, {
        setting: "RESTATE_INGRESS",
        secret: "RESTATE_API_KEY",
        ...exposure.value
      })
  })

/** `address 127.0.0.1:8080, attempt 2 of 9` */
const fieldsOf = (details: Readonly<Record<string, unknown>>): string =>
  Object.entries(details)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`)
    .join(", ")

/** Log lines go to standard error, as plain text: standard output has the answer only. */
const WarningsAside = Logger.replace(
  Logger.defaultLogger,
  Logger.withConsoleError(
    Logger.make(({ message }) =>
      Arr.ensure(message)
        .map((part) => (Predicate.isRecord(part) ? `(${fieldsOf(part)})` : String(part)))
        .join(" ")
    )
  )
)

/**
 * Fires a schedule through Restate's ingress with the idempotency key of its period, so that repeated firings run once.
 * Needs no worker configuration if the address is given.
 */
export const cronCommand = Command.make(
  "cron",
  { task, at, ingress, config: configFile },
  ({ at, config, ingress, task }) =>
    Effect.gen(function* () {
      const outer = yield* program
      const address = yield* addressOf(
        ingress,
        Option.orElse(config, () => outer.config)
      )
      const instant = Option.isSome(at) ? at.value.getTime() : yield* Clock.currentTimeMillis
      const firing = firingOf(task, instant)
      const { Ingress } = yield* Effect.promise(() => import("../composition/commands.ts"))
      const accepted = yield* Effect.zipRight(
        warnOfExposedKey(address),
        Effect.flatMap(RestateIngress, ({ send }) => send(firing))
      ).pipe(Effect.provide(Layer.merge(Ingress(address), WarningsAside)))
      yield* Console.log(`${firing.path} with ${firing.idempotencyKey}: ${JSON.stringify(accepted)}`)
    }).pipe(reportingFailures(`${task.name} was not fired`))
).pipe(
  Command.withDescription(
    "Fires a schedule through Restate's ingress, as a CronJob does. Safe to repeat. Example: cron key-refill --at 2026-02-28T00:00:00Z."
  )
)
