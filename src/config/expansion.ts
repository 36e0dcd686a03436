import { Config, type ConfigProvider, Effect, Option } from "effect"

// Only `${NAME}`: `$`, `$$` and `$NAME` occur in passwords and keys and are literal.
const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** The value of one environment variable; an empty one is set. */
export const lookup = (
  environment: ConfigProvider.ConfigProvider,
  name: string
): Effect.Effect<Option.Option<string>> => Effect.option(environment.load(Config.string(name)))

/**
 * Replaces each `${NAME}` of one string by the environment's value, once: what it inserts is not expanded again.
 * Fails with the names that are not set.
 */
export const expand = (
  text: string,
  environment: ConfigProvider.ConfigProvider
): Effect.Effect<string, ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const names = [...new Set(Array.from(text.matchAll(reference), ([, name = ""]) => name))]
    const values = new Map<string, string>()
    for (const name of names) {
      const value = yield* lookup(environment, name)
      if (Option.isSome(value)) values.set(name, value.value)
    }
    const unset = names.filter((name) => !values.has(name))
    return unset.length > 0
      ? yield* Effect.fail(unset)
      : text.replace(reference, (_, name: string) => values.get(name) ?? "")
  })
