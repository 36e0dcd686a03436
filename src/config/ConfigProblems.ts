import { Array as Arr, type ConfigError, Schema } from "effect"

/** One thing to correct. `problem` never quotes a secret. */
export const ConfigProblem = Schema.Struct({ setting: Schema.String, problem: Schema.String })
export type ConfigProblem = typeof ConfigProblem.Type

/** Everything that is wrong with the configuration, so that it can be corrected in one go. */
export class ConfigProblems extends Schema.TaggedError<ConfigProblems>()("ConfigProblems", {
  problems: Schema.NonEmptyArray(ConfigProblem)
}) {
  /** A person has to change the configuration; trying again cannot help. */
  readonly class = "needs-person" as const

  override get message(): string {
    const lines = this.problems.map(({ setting, problem }) => `  ${setting}: ${problem}`)
    return [`The configuration has ${lines.length} ${lines.length === 1 ? "problem" : "problems"}:`, ...lines].join(
      "\n"
    )
  }
}

/** The first problem of a setting is its cause; what follows from it is not worth a line. */
export const firstPerSetting = (problems: ReadonlyArray<ConfigProblem>): ReadonlyArray<ConfigProblem> =>
  Arr.dedupeWith(problems, (a, b) => a.setting === b.setting)

/** The leaves of an Effect configuration error: our decoders say what they expected, an absent value is "required". */
export const problemsOf = (error: ConfigError.ConfigError): ReadonlyArray<ConfigProblem> => {
  switch (error._op) {
    case "And":
    case "Or":
      return [...problemsOf(error.left), ...problemsOf(error.right)]
    case "MissingData":
      return [{ setting: error.path.join("."), problem: "is required" }]
    default:
      return [{ setting: error.path.join("."), problem: error.message }]
  }
}
