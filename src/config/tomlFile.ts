import { FileSystem } from "@effect/platform"
import { Config, type ConfigProvider, Effect, Either, Option } from "effect"
import { parse, TomlError, type TomlTable, type TomlValue } from "smol-toml"
import { didYouMean } from "../text/closest.ts"
import type { ConfigProblem } from "./ConfigProblems.ts"
import type { RawSettings } from "./environment.ts"
import { expand } from "./expansion.ts"
import type { NativeType, Setting } from "./Setting.ts"

type Paths = ReadonlyMap<string, Setting<unknown>>

/** A leaf of the file: its text before expansion, or its problem. */
type Leaf = readonly [path: string, text: Either.Either<string, string>]

const isTable = (value: TomlValue): value is TomlTable =>
  typeof value === "object" && !Array.isArray(value) && !(value instanceof Date)

const expectedTypes: Readonly<Record<NativeType, string>> = {
  string: "expected a string",
  number: "expected a number",
  boolean: "expected true or false",
  list: "expected a list of strings"
}

/** Lists are joined with commas, as in the environment, so an element may not contain one. */
const listText = (elements: ReadonlyArray<TomlValue>): Either.Either<string, string> =>
  elements.every((element) => typeof element === "string" && !element.includes(","))
    ? Either.right(elements.join(","))
    : Either.left("expected a list of strings without commas")

/** What a text may be, if it is of a form of its own. */
const expectedOf = ({ accepts, native }: Setting<unknown>["kind"]): string =>
  native === "string" && !accepts.startsWith("text") ? `expected ${accepts}, in quotes` : expectedTypes[native]

const leafText = (value: TomlValue, kind: Setting<unknown>["kind"]): Either.Either<string, string> => {
  const { native } = kind
  if (typeof value === "string") return Either.right(value)
  if (Array.isArray(value) && native === "list") return listText(value)
  return typeof value === native ? Either.right(String(value)) : Either.left(expectedOf(kind))
}

const leaves = (table: TomlTable, paths: Paths, prefix: string): ReadonlyArray<Leaf> =>
  Object.entries(table).flatMap(([key, value]): ReadonlyArray<Leaf> => {
    const path = `${prefix}${key}`
    const setting = paths.get(path)
    if (setting !== undefined) return [[path, leafText(value, setting.kind)]]
    const isSection = [...paths.keys()].some((known) => known.startsWith(`${path}.`))
    if (!isSection) return [[path, Either.left(`there is no such setting${didYouMean(path, paths.keys())}`)]]
    return isTable(value) ? leaves(value, paths, `${path}.`) : [[path, Either.left("expected a table")]]
  })

/** Where the file is not TOML. The parser appends the offending lines to its message; they may hold a secret. */
const tomlProblem = (error: unknown): string => {
  if (!(error instanceof Error)) return "is not TOML"
  const place = error instanceof TomlError ? `line ${error.line}, column ${error.column}: ` : ""
  return `${place}${error.message.split("\n")[0] ?? ""}`
}

const parseToml = (text: string): Either.Either<TomlTable, string> =>
  Either.try({
    try: (): TomlTable => parse(text),
    catch: tomlProblem
  })

const unreadable = (file: string, problem: string): ConfigProblem => ({ setting: file, problem })

const readTomlFile = (
  file: string,
  environment: ConfigProvider.ConfigProvider,
  paths: Paths
): Effect.Effect<RawSettings, ConfigProblem, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    if (!file.endsWith(".toml")) return yield* Effect.fail(unreadable(file, "the name must end in .toml"))
    const fileSystem = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(fileSystem.readFileString(file), (error) =>
      unreadable(file, `cannot be read (${error._tag === "SystemError" ? error.reason : error._tag})`)
    )
    const table = yield* Either.mapLeft(parseToml(text), (reason) => unreadable(file, reason))
    const values = new Map<string, string>()
    const problems: Array<ConfigProblem> = []
    for (const [path, leaf] of leaves(table, paths, "")) {
      const expanded = yield* Effect.either(
        Effect.flatMap(leaf, (raw) =>
          Effect.mapError(expand(raw, environment), (names) => `${names.join(", ")} is not set in the environment`)
        )
      )
      if (Either.isRight(expanded)) values.set(path, expanded.right)
      else problems.push({ setting: path, problem: expanded.left })
    }
    return { values, problems }
  })

const nothing: RawSettings = { values: new Map(), problems: [] }

/**
 * The settings of the file, else of the file that UNKEY_CONFIG names, with `${NAME}` expanded in strings. Nothing
 * without a file. Fails if the file cannot be read at all: its settings must not be reported as missing as well.
 */
export const readConfigFile = (
  file: Option.Option<string>,
  environment: ConfigProvider.ConfigProvider,
  paths: Paths
): Effect.Effect<RawSettings, ConfigProblem, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const variable = yield* Effect.option(environment.load(Config.nonEmptyString("UNKEY_CONFIG")))
    const named = Option.orElse(file, () => variable)
    return Option.isNone(named) ? nothing : yield* readTomlFile(named.value, environment, paths)
  })
