import { Array as Arr, type ConfigError, Schema } from "effect"

/** One problem. `problem` never quotes a secret. */
export const ConfigProblem = Schema.Struct({ setting: Schema.String, problem: Schema.String })
export type ConfigProblem = typeof ConfigProblem.Type

/** All problems of the configuration at once. */
export class ConfigProblems extends Schema.TaggedError<ConfigProblems>()("ConfigProblems", {
  problems: Schema.NonEmptyArray(ConfigProblem)
}) {
  override get message(): string {
    const lines = this.problems.map(({ setting, problem }) => `  ${setting}: ${problem}`)
    return [`The configuration has ${lines.length} ${lines.length === 1 ? "problem" : "problems"}:`, ...lines].join(
      "\n"
    )
  }
}

/** Keeps the first problem of each setting, which is the cause of the others. */
export const firstPerSetting = (problems: ReadonlyArray<ConfigProblem>): ReadonlyArray<ConfigProblem> =>
  Arr.dedupeWith(problems, (a, b) => a.setting === b.setting)

/** The leaves of an Effect configuration error: decoders report what they expected, an absent value "is required". */
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
