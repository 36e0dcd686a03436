import { Config, ConfigError, Either, Option, Redacted } from "effect"

/** How a value may be written in TOML besides a string, which is always read the way the environment would be. */
export type NativeType = "string" | "number" | "boolean" | "list"

/** Turns the text of one setting into its value, or says what was expected. The answer never quotes a secret. */
export interface Kind<A> {
  readonly native: NativeType
  readonly decode: (text: string) => Either.Either<A, string>
}

/** One leaf of the settings tree. Its name is its place in the tree, so it is given the path when it is read. */
export interface Setting<A> {
  readonly _tag: "Setting"
  readonly native: NativeType
  readonly config: (path: string) => Config.Config<A>
}

export interface SettingTree {
  readonly [name: string]: Setting<unknown> | SettingTree
}

/** What a tree of settings is worth once it has been read. */
export type SettingValues<T> = T extends Setting<infer A> ? A : { readonly [Name in keyof T]: SettingValues<T[Name]> }

const isSetting = (node: Setting<unknown> | SettingTree): node is Setting<unknown> => node._tag === "Setting"

const decoded = <A>(kind: Kind<A>, path: string): Config.Config<A> =>
  Config.mapOrFail(Config.string(path), (text) =>
    Either.mapLeft(kind.decode(text), (expected) => ConfigError.InvalidData([], expected))
  )

export const required = <A>(kind: Kind<A>): Setting<A> => ({
  _tag: "Setting",
  native: kind.native,
  config: (path) => decoded(kind, path)
})

/** The default stands in for an absent value only: an explicit zero or false is kept. */
export const withDefault = <A>(kind: Kind<A>, fallback: NoInfer<A>): Setting<A> => ({
  _tag: "Setting",
  native: kind.native,
  config: (path) => Config.withDefault(decoded(kind, path), fallback)
})

/** Absent or empty is none, so that a deployment may blank out what its file sets. */
export const optional = <A>(kind: Kind<A>): Setting<Option.Option<A>> =>
  withDefault(
    {
      native: kind.native,
      decode: (text) => (text === "" ? Either.right(Option.none()) : Either.map(kind.decode(text), Option.some))
    },
    Option.none()
  )

export const redacted = <A>(kind: Kind<A>): Kind<Redacted.Redacted<A>> => ({
  native: kind.native,
  decode: (text) => Either.map(kind.decode(text), Redacted.make)
})

/** `restate.httpPort` is written `restate.http_port` in TOML. */
export const tomlName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** `restate.http_port` is `WORKER_RESTATE_HTTP_PORT` in the environment. */
export const environmentName = (path: string): string => `WORKER_${path.replaceAll(".", "_").toUpperCase()}`

const join = (prefix: string, key: string): string => (prefix === "" ? tomlName(key) : `${prefix}.${tomlName(key)}`)

/** The path and native type of every setting of the tree. */
export const settingPaths = (tree: SettingTree, prefix = ""): ReadonlyMap<string, NativeType> =>
  new Map(
    Object.entries(tree).flatMap(([key, node]): ReadonlyArray<readonly [string, NativeType]> => {
      const path = join(prefix, key)
      return isSetting(node) ? [[path, node.native]] : [...settingPaths(node, path)]
    })
  )

const nodeConfig = (node: Setting<unknown> | SettingTree, path: string): Config.Config<unknown> =>
  isSetting(node)
    ? node.config(path)
    : Config.all(
        Object.fromEntries(Object.entries(node).map(([key, child]) => [key, nodeConfig(child, join(path, key))]))
      )

/** One Config for a whole tree; it fails with the problems of all its settings together. */
export const treeConfig = <T extends SettingTree>(tree: T): Config.Config<SettingValues<T>> =>
  // The record is rebuilt key by key from the tree, which the type of Object.fromEntries cannot express.
  nodeConfig(tree, "") as Config.Config<SettingValues<T>>
