import type { FileSystem } from "@effect/platform"
import { Array as Arr, type Config, ConfigProvider, Context, Effect, Either, Layer, Option, Random } from "effect"
import { assemble } from "./config/assemble.ts"
import { type ConfigProblem, ConfigProblems, firstPerSetting, problemsOf } from "./config/ConfigProblems.ts"
import { describeSettings, type Printable } from "./config/describe.ts"
import { readEnvironment } from "./config/environment.ts"
import { lookup } from "./config/expansion.ts"
import { openTelemetry, openTelemetryVariables } from "./config/openTelemetry.ts"
import { crossFieldProblems } from "./config/rules.ts"
import {
  type ExposedSecret,
  environmentName,
  exposedSecrets,
  type Given,
  settingsByPath,
  treeConfig
} from "./config/Setting.ts"
import { settings } from "./config/settings.ts"
import { readConfigFile } from "./config/tomlFile.ts"

type Assembled = ReturnType<typeof assemble>

export interface WorkerConfigShape extends Assembled {
  readonly openTelemetry: Config.Config.Success<typeof openTelemetry>
  /** Secrets that these settings send over unprotected connections. */
  readonly exposed: ReadonlyArray<ExposedSecret>
}

/** The resolved configuration of this process. Secrets are Redacted; the database addresses hold theirs inside. */
export class WorkerConfig extends Context.Tag("ctrl-worker/WorkerConfig")<WorkerConfig, WorkerConfigShape>() {}

const idAlphabet = [..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"]

const randomInstanceId: Effect.Effect<string> = Effect.map(
  Effect.replicateEffect(Random.choice(idAlphabet), 8),
  (characters) => `ins_${characters.join("")}`
).pipe(Effect.orDie)

const configArgument = (args: ReadonlyArray<string>): Either.Either<Option.Option<string>, ConfigProblem> => {
  const [first, second, ...rest] = args.flatMap((arg) =>
    arg.startsWith("--config=") ? ["--config", arg.slice("--config=".length)] : [arg]
  )
  if (first === undefined) return Either.right(Option.none())
  if (first === "--config" && second !== undefined && rest.length === 0) return Either.right(Option.some(second))
  return Either.left({ setting: "command line", problem: "expected nothing or --config <file>.toml" })
}

const withEnvironmentName = (paths: ReadonlyMap<string, unknown>) => (problem: ConfigProblem) =>
  paths.has(problem.setting)
    ? { ...problem, setting: `${problem.setting} (${environmentName(problem.setting)})` }
    : problem

/** The variables of OpenTelemetry that are set. */
const openTelemetryGiven = (environment: ConfigProvider.ConfigProvider): Effect.Effect<Given> =>
  Effect.map(
    Effect.forEach(Object.keys(openTelemetryVariables), (name) =>
      Effect.map(
        lookup(environment, name),
        Option.map((value) => [name, value] as const)
      )
    ),
    (found) => new Map(found.flatMap(Option.toArray))
  )

/**
 * Every secret that would leave this machine in plain text, or to an unverified server. Derived from the kinds of the
 * settings, so that no address is left out. Only for settings without problems.
 */
export const plainTransports = (
  given: Given,
  environment: ConfigProvider.ConfigProvider
): Effect.Effect<ReadonlyArray<ExposedSecret>> =>
  Effect.gen(function* () {
    const ours = yield* ConfigProvider.fromMap(new Map(given)).load(exposedSecrets(settingsByPath(settings), given))
    const variables = exposedSecrets(Object.entries(openTelemetryVariables), yield* openTelemetryGiven(environment))
    return [...ours, ...(yield* environment.load(variables))]
  }).pipe(Effect.orDie)

/**
 * Reads the configuration: environment first (WORKER_ names, through the current ConfigProvider), then the TOML file,
 * then defaults. Fails once, with every problem of every source.
 */
export const loadWorkerConfig = (
  args: ReadonlyArray<string>
): Effect.Effect<WorkerConfigShape, ConfigProblems, FileSystem.FileSystem> =>
  Effect.configProviderWith((environment) =>
    Effect.gen(function* () {
      const paths = settingsByPath(settings)
      const file = yield* Effect.either(
        Effect.flatMap(configArgument(args), (argument) => readConfigFile(argument, environment, paths))
      )
      const fromFile = Either.getOrElse(file, (problem) => ({ values: new Map<string, string>(), problems: [problem] }))
      const fromEnvironment = yield* readEnvironment(environment, paths)
      const given = new Map([...fromFile.values, ...fromEnvironment.values])
      const read = yield* Effect.either(ConfigProvider.fromMap(given).load(treeConfig(settings)))
      const otel = yield* Effect.either(environment.load(openTelemetry))

      const decoding = Either.isLeft(read) ? problemsOf(read.left) : []
      const problems = firstPerSetting([
        // Problems of the file do not count for a setting that the environment overrides.
        ...fromFile.problems.filter(({ setting }) => !fromEnvironment.values.has(setting)),
        ...fromEnvironment.problems,
        // While the file cannot be read, no setting is reported as missing.
        ...(Either.isLeft(file)
          ? decoding.filter(({ setting }) => given.has(setting))
          : [...decoding, ...crossFieldProblems(given)]),
        ...(Either.isLeft(otel) ? problemsOf(otel.left) : [])
      ]).map(withEnvironmentName(paths))

      if (Arr.isNonEmptyReadonlyArray(problems)) return yield* new ConfigProblems({ problems })
      if (Either.isLeft(read) || Either.isLeft(otel)) return yield* Effect.dieMessage("a failed reading has a problem")
      const instanceId = yield* Option.match(
        Option.filter(read.right.instanceId, (id) => id !== ""),
        {
          onNone: () => randomInstanceId,
          onSome: Effect.succeed
        }
      )
      return {
        ...assemble(read.right, instanceId),
        openTelemetry: otel.right,
        exposed: yield* plainTransports(given, environment)
      }
    })
  )

export const workerConfig = (
  args: ReadonlyArray<string>
): Layer.Layer<WorkerConfig, ConfigProblems, FileSystem.FileSystem> =>
  Layer.effect(WorkerConfig, loadWorkerConfig(args))

/** The configuration for the start-up log line. */
export const describeConfig = ({ exposed: _, ...config }: WorkerConfigShape): Readonly<Record<string, Printable>> =>
  describeSettings(config)
