import { Options } from "@effect/cli"
import { Array as Arr, Config, Effect, Either, Layer, Logger, Option, Predicate, Schema } from "effect"
import { exposureOf, httpUrl } from "../config/httpAddresses.ts"
import { loadIngressUrl } from "../config/restateAdmin.ts"
import { exposedSecretEvent } from "../config/Setting.ts"
import { type IngressMessage, RestateIngress } from "../operations/RestateIngress.ts"
import { configFile, program } from "./program.ts"

/** Nothing was sent, because the ingress address is missing or invalid. */
export class NoIngress extends Schema.TaggedError<NoIngress>()("NoIngress", { problem: Schema.String }) {
  override get message(): string {
    return `${this.problem}: give --ingress, or set restate.ingress_url or RESTATE_INGRESS, for instance to http://restate:8080`
  }
}

/** Where messages are sent. */
const ingress = Options.text("ingress").pipe(
  Options.withPseudoName("URL"),
  Options.withDescription(
    "Address of Restate's ingress. Default: RESTATE_INGRESS, else restate.ingress_url. Its key is read from RESTATE_API_KEY."
  ),
  Options.optional
)

const ingressUrl = httpUrl("nothing secret")

/** The settings are read only if nothing else names the address: a CronJob has no settings. */
const addressOf = (given: Option.Option<string>, file: Option.Option<string>) =>
  Effect.gen(function* () {
    const variable = yield* Effect.option(Config.nonEmptyString("RESTATE_INGRESS"))
    const named = Option.orElse(given, () => variable)
    const address = Option.isSome(named) ? named : yield* loadIngressUrl(file)
    if (Option.isNone(address)) return yield* new NoIngress({ problem: "no address of Restate's ingress" })
    // Not quoted: an address may contain a password.
    return yield* Either.mapLeft(
      ingressUrl.decode(address.value),
      (problem) => new NoIngress({ problem: `the address of Restate's ingress: ${problem}` })
    )
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

/** Options of every command that sends a message to a handler. */
export const ingressOptions = { ingress, config: configFile }

export interface IngressOptions {
  readonly ingress: Option.Option<string>
  readonly config: Option.Option<string>
}

/** Sends a message through Restate's ingress. Needs no settings if the address is given. */
export const sendMessage = (message: IngressMessage, { config, ingress }: IngressOptions) =>
  Effect.gen(function* () {
    const outer = yield* program
    const address = yield* addressOf(
      ingress,
      Option.orElse(config, () => outer.config)
    )
    const { Ingress } = yield* Effect.promise(() => import("../composition/commands.ts"))
    return yield* Effect.zipRight(
      warnOfExposedKey(address),
      Effect.flatMap(RestateIngress, ({ send }) => send(message))
    ).pipe(Effect.provide(Layer.merge(Ingress(address), WarningsAside)))
  })
