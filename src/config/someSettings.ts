import type { FileSystem } from "@effect/platform"
import { Array as Arr, ConfigProvider, Effect, Either, type Option } from "effect"
import { ConfigProblems, problemsOf } from "./ConfigProblems.ts"
import { readEnvironment } from "./environment.ts"
import { type SettingTree, type SettingValues, settingsByPath, treeConfig } from "./Setting.ts"
import { settings } from "./settings.ts"
import { readConfigFile } from "./tomlFile.ts"

/**
 * Reads only these settings, from the worker's sources: environment, then the file, given or named by UNKEY_CONFIG.
 * `overrides`, by path, win over both. Problems of other settings are ignored.
 */
export const loadSettings = <T extends SettingTree>(
  tree: T,
  file: Option.Option<string>,
  overrides: ReadonlyArray<readonly [path: string, text: string]>
): Effect.Effect<SettingValues<T>, ConfigProblems, FileSystem.FileSystem> =>
  Effect.configProviderWith((environment) =>
    Effect.gen(function* () {
      const paths = settingsByPath(settings)
      const fromFile = yield* Effect.mapError(
        readConfigFile(file, environment, paths),
        (problem) => new ConfigProblems({ problems: [problem] })
      )
      const own = settingsByPath(tree)
      const { problems: environmentProblems, values } = yield* readEnvironment(environment, own)
      const unreadable = environmentProblems.filter(({ setting }) => own.has(setting))
      if (Arr.isNonEmptyReadonlyArray(unreadable)) return yield* new ConfigProblems({ problems: unreadable })
      const given = new Map([...fromFile.values, ...values, ...overrides])
      const read = yield* Effect.either(ConfigProvider.fromMap(given).load(treeConfig(tree)))
      if (Either.isRight(read)) return read.right
      const problems = problemsOf(read.left)
      if (Arr.isNonEmptyReadonlyArray(problems)) return yield* new ConfigProblems({ problems })
      return yield* Effect.dieMessage("a failed reading has a problem")
    })
  )
