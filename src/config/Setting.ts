import { Config, ConfigError, Either, Option, Redacted } from "effect"

/** How a value may be written in TOML besides a string, which is always read the way the environment would be. */
export type NativeType = "string" | "number" | "boolean" | "list"

/** Turns the text of one setting into its value, or says what was expected. The answer never quotes a secret. */
export interface Kind<A> {
  readonly native: NativeType
  /** What may be written, as it stands behind "expected": `an integer from 1 to 1000`. */
  readonly accepts: string
  /** Whether a value must not be shown to anybody: it is a secret, or holds one. */
  readonly isSecret?: true
  readonly decode: (text: string) => Either.Either<A, string>
}

/** One leaf of the settings tree. Its name is its place in the tree, so it is given the path when it is read. */
export interface Setting<A> {
  readonly _tag: "Setting"
  readonly kind: Pick<Kind<unknown>, "accepts" | "isSecret" | "native">
  /** What it is for, in a sentence for operators; the configuration reference is made of them. */
  readonly meaning: string
  /** What stands in for an absent value; none when there has to be one. */
  readonly fallback: Option.Option<A>
  /** Accepted so that files of the worker this one replaces stay valid; nothing depends on it. */
  readonly isIgnored?: true
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

export const required = <A>(kind: Kind<A>, meaning: string): Setting<A> => ({
  _tag: "Setting",
  kind,
  meaning,
  fallback: Option.none(),
  config: (path) => decoded(kind, path)
})

/** The default stands in for an absent value only: an explicit zero or false is kept. */
export const withDefault = <A>(kind: Kind<A>, fallback: NoInfer<A>, meaning: string): Setting<A> => ({
  _tag: "Setting",
  kind,
  meaning,
  fallback: Option.some(fallback),
  config: (path) => Config.withDefault(decoded(kind, path), fallback)
})

/** Absent or empty is none, so that a deployment may blank out what its file sets. */
export const optional = <A>(kind: Kind<A>, meaning: string): Setting<Option.Option<A>> =>
  withDefault(
    {
      ...kind,
      decode: (text) => (text === "" ? Either.right(Option.none()) : Either.map(kind.decode(text), Option.some))
    },
    Option.none(),
    meaning
  )

/** For what existing files may hold and this worker has no use for. It is still checked. */
export const ignored = <A>(setting: Setting<A>): Setting<A> => ({ ...setting, isIgnored: true })

export const redacted = <A>(kind: Kind<A>): Kind<Redacted.Redacted<A>> => ({
  ...kind,
  isSecret: true,
  decode: (text) => Either.map(kind.decode(text), Redacted.make)
})

/** `restate.httpPort` is written `restate.http_port` in TOML. */
export const tomlName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** `restate.http_port` is `WORKER_RESTATE_HTTP_PORT` in the environment. */
export const environmentName = (path: string): string => `WORKER_${path.replaceAll(".", "_").toUpperCase()}`

const join = (prefix: string, key: string): string => (prefix === "" ? tomlName(key) : `${prefix}.${tomlName(key)}`)

/** Every setting of the tree under its path. */
export const settingsByPath = (tree: SettingTree, prefix = ""): ReadonlyMap<string, Setting<unknown>> =>
  new Map(
    Object.entries(tree).flatMap(([key, node]): ReadonlyArray<readonly [string, Setting<unknown>]> => {
      const path = join(prefix, key)
      return isSetting(node) ? [[path, node]] : [...settingsByPath(node, path)]
    })
  )

/** The path and native type of every setting of the tree. */
export const settingPaths = (tree: SettingTree): ReadonlyMap<string, NativeType> =>
  new Map(Array.from(settingsByPath(tree), ([path, { kind }]) => [path, kind.native]))

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

/** One Config for settings that each stand alone under the name that is their key. */
export const namedConfig = <T extends Readonly<Record<string, Setting<unknown>>>>(
  named: T
): Config.Config<SettingValues<T>> =>
  // As above: the record is rebuilt key by key.
  Config.all(
    Object.fromEntries(Object.entries(named).map(([name, { config }]) => [name, config(name)]))
  ) as Config.Config<SettingValues<T>>
