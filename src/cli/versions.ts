import { Command, HelpDoc, Options, ValidationError } from "@effect/cli"
import { Clock, Console, Duration, Effect, Either, Layer, Option, Schema } from "effect"
import { type ClassifiedVersion, decideRemoval, type Removal, RestateVersions } from "../operations/RestateVersions.ts"
import { reportingFailures } from "./commandFailed.ts"
import { confirm, yes } from "./confirm.ts"
import { configFile, program } from "./program.ts"
import { adminUrl } from "./restateOptions.ts"
import { versionTable } from "./versionTable.ts"

/** Superseded versions still have invocations when the time of `--wait` is up. */
export class VersionsNotDrained extends Schema.TaggedError<VersionsNotDrained>()("VersionsNotDrained", {
  deployments: Schema.Array(Schema.String),
  unfinished: Schema.Number
}) {
  override get message(): string {
    return `${this.unfinished} invocations are not finished on ${this.deployments.join(", ")}: keep those workers running`
  }
}

/**
 * Invocations are pinned to a deployment that Restate no longer knows. Restate retries them with RT0011 and then pauses
 * them.
 */
export class WorkLeftBehind extends Schema.TaggedError<WorkLeftBehind>()("WorkLeftBehind", {
  deployment: Schema.String,
  unfinished: Schema.Number
}) {
  override get message(): string {
    return (
      `${this.unfinished} invocations are bound to ${this.deployment}, which is not registered: register a worker of that ` +
      "build at a new address, then pause each of them and resume it on that deployment"
    )
  }
}

/** Names of this worker's services. Loaded by this command only: the list brings every workflow along. */
const ours = Effect.map(
  Effect.promise(() => import("../composition/implementations.ts")),
  ({ contracts }): ReadonlySet<string> => new Set(contracts.map(({ name }) => name))
)

/** Two reads this far apart must agree, because Restate's partitions learn of a new version at different times. */
const settle = Duration.seconds(5)
const pollInterval = Duration.seconds(5)

/**
 * Reads the current deployments first: superseded ones get no new invocations from then on, so that the count can only
 * be too high.
 */
const look = Effect.gen(function* () {
  const versions = yield* RestateVersions
  const registered = yield* versions.registered
  return decideRemoval(registered, yield* versions.unfinished, yield* ours)
})

const show = ({ orphaned, versions }: Removal) =>
  Effect.gen(function* () {
    yield* Console.log(versionTable(versions))
    for (const work of orphaned) yield* Console.log(new WorkLeftBehind(work).message)
  })

const removeOne = ({ address, id }: ClassifiedVersion) =>
  Effect.gen(function* () {
    const versions = yield* RestateVersions
    yield* versions.remove(id)
    yield* Console.log(`removed ${id} (${address})`)
    const left = (yield* versions.unfinished).get(id) ?? 0
    if (left > 0) return yield* new WorkLeftBehind({ deployment: id, unfinished: left })
  })

/** Removes versions that were drained in both of two reads, and answers with the last read. */
const removeDrained = (first: Removal) =>
  Effect.gen(function* () {
    if (first.remove.length === 0) return first
    yield* Effect.sleep(settle)
    const second = yield* look
    const before = new Set(first.remove.map(({ id }) => id))
    yield* Effect.forEach(
      second.remove.filter(({ id }) => before.has(id)),
      removeOne,
      { discard: true }
    )
    return second
  })

const sayWhatWouldBeRemoved = ({ remove }: Removal) =>
  Effect.forEach(remove, ({ address, id }) => Console.log(`would remove ${id} (${address})`), { discard: true })

interface Wishes {
  readonly removeDrained: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly wait: Option.Option<Duration.Duration>
}

const named = (versions: ReadonlyArray<ClassifiedVersion>): string =>
  versions.map(({ address, id }) => `${id} (${address})`).join(", ")

/** Restate does not give a removed version back: its worker would have to register again. */
const confirmRemoval = ({ draining, remove }: Removal, { wait, yes }: Wishes) => {
  const lines = [
    remove.length === 0 ? "No version is drained now." : `Drained: ${named(remove)}.`,
    ...(Option.isNone(wait) || draining.length === 0 ? [] : [`Removed once they are drained: ${named(draining)}.`]),
    "Restate forgets a removed version. Remove?"
  ]
  return confirm("versions --remove-drained", lines.join("\n"), yes)
}

const run = (wishes: Wishes) =>
  Effect.gen(function* () {
    const startedAt = yield* Clock.currentTimeMillis
    const bound = Option.map(wishes.wait, Duration.toMillis)
    const isTimeLeft = Effect.map(Clock.currentTimeMillis, (now) => now - startedAt < Option.getOrElse(bound, () => 0))
    let found = yield* Effect.tap(look, show)
    if (wishes.removeDrained && !wishes.dryRun) yield* confirmRemoval(found, wishes)
    for (;;) {
      if (wishes.removeDrained && !wishes.dryRun) found = yield* removeDrained(found)
      if (found.draining.length === 0 || !(yield* isTimeLeft)) break
      yield* Effect.sleep(pollInterval)
      found = yield* look
    }
    if (wishes.dryRun) yield* sayWhatWouldBeRemoved(found)
    if (Option.isSome(wishes.wait) && found.draining.length > 0) return yield* notDrained(found)
  })

const notDrained = ({ draining }: Removal) =>
  new VersionsNotDrained({
    deployments: draining.map(({ id }) => id),
    unfinished: draining.reduce((total, { unfinished }) => total + unfinished, 0)
  })

const unitMillis: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

const durationOf = (text: string): Either.Either<Duration.Duration, ValidationError.ValidationError> => {
  const [, amount = "", unit = ""] = /^(\d+)([smh])$/.exec(text) ?? []
  const millis = Number(amount) * (unitMillis[unit] ?? 0)
  return amount === ""
    ? Either.left(
        ValidationError.invalidValue(HelpDoc.p(`--wait: expected a duration such as 90s, 30m or 2h, found "${text}"`))
      )
    : Either.right(Duration.millis(millis))
}

const options = {
  removeDrained: Options.boolean("remove-drained").pipe(
    Options.withDescription("Takes versions out of Restate that get no new work and have none left. Asks first.")
  ),
  yes,
  dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Only says what --remove-drained would remove.")),
  wait: Options.text("wait").pipe(
    Options.withPseudoName("duration"),
    Options.withDescription("Goes on until superseded versions have no work left, for at most e.g. 90s, 30m or 2h."),
    Options.mapEffect(durationOf),
    Options.optional
  )
}

/**
 * The registered versions of the worker and the number of invocations of each; removes drained ones. Fails with
 * `VersionsNotDrained` when the time of `--wait` is up before all superseded versions are drained.
 */
export const versions = Command.make("versions", { ...options, adminUrl, config: configFile }, run).pipe(
  Command.withDescription(
    "Shows the registered versions of the worker, and removes those that are drained. Example: versions --remove-drained --wait 30m."
  )
)

/** The command on the configured Restate. Needs only Restate's admin API. */
export const versionsCommand = versions.pipe(
  Command.provide(({ adminUrl, config }) =>
    Layer.unwrapEffect(
      Effect.gen(function* () {
        const { Versions } = yield* Effect.promise(() => import("../composition/commands.ts"))
        const outer = yield* program
        return Versions({ config: Option.orElse(config, () => outer.config), adminUrl })
      })
    )
  ),
  Command.transformHandler(reportingFailures("versions"))
)
