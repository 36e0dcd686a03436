import { Config, ConfigError, Either, Option, Redacted } from "effect"

/** How a value may be written in TOML besides a string, which is always read the way the environment would be. */
export type NativeType = "string" | "number" | "boolean" | "list"

/** The texts as they were given, by path. A setting that is absent is not in it. */
export type Given = ReadonlyMap<string, string>

/** Absent and empty mean the same: a deployment may blank out what its file sets. */
export const isGiven = (given: Given, path: string): boolean => !["", undefined].includes(given.get(path))

/** Why what is sent to an address may be read, or changed, on the way. */
export interface Exposure {
  /** Safe to print. */
  readonly address: string
  readonly weakness: "not encrypted" | "the server is not verified"
}

/** What is sent to an address that others must not see. */
export interface Sends<A> {
  /** As a line of the log names it: `the token`. */
  readonly secret: string
  /** None where the way is safe, stays on this machine, or where under these settings nothing secret is sent. */
  readonly exposure: (address: A, given: Given) => Option.Option<Exposure>
}

/** Turns the text of one setting into its value, or says what was expected. The answer never quotes a secret. */
export interface Kind<A> {
  readonly native: NativeType
  /** What may be written, as it stands behind "expected": `an integer from 1 to 1000`. */
  readonly accepts: string
  /** Whether a value must not be shown to anybody: it is a secret, or holds one. */
  readonly isSecret?: true
  readonly decode: (text: string) => Either.Either<A, string>
  /** Of addresses alone. Every kind of address says it, so that no setting that is one can be forgotten. */
  readonly sends?: Sends<A> | "nothing secret"
}

/** One leaf of the settings tree. Its name is its place in the tree, so it is given the path when it is read. */
export interface Setting<A> {
  readonly _tag: "Setting"
  readonly kind: Pick<Kind<unknown>, "accepts" | "isSecret" | "native"> & { readonly isAddress: boolean }
  /** What it is for, in a sentence for operators; the configuration reference is made of them. */
  readonly meaning: string
  /** What stands in for an absent value; none when there has to be one. */
  readonly fallback: Option.Option<A>
  /** Accepted so that files of the worker this one replaces stay valid; nothing depends on it. */
  readonly isIgnored?: true
  readonly config: (path: string) => Config.Config<A>
  /** A secret that the configured address would expose. */
  readonly exposed: (path: string, given: Given) => Config.Config<Option.Option<ExposedSecret>>
}

/** The event of a line of the log about such a secret: alerts and searches go by it. */
export const exposedSecretEvent = "A secret is sent without protection"

/** A secret that leaves this machine where it can be read or changed on the way. */
export interface ExposedSecret extends Exposure {
  readonly setting: string
  readonly secret: string
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

const settingOf = <A>(
  kind: Kind<A>,
  meaning: string,
  fallback: Option.Option<A>,
  config: (path: string) => Config.Config<A>
): Setting<A> => {
  const { accepts, isSecret, native, sends } = kind
  return {
    _tag: "Setting",
    kind: { accepts, native, ...(isSecret === undefined ? {} : { isSecret }), isAddress: sends !== undefined },
    meaning,
    fallback,
    config,
    exposed: (path, given) =>
      sends === undefined || sends === "nothing secret"
        ? Config.succeed(Option.none())
        : Config.map(config(path), (address) =>
            Option.map(sends.exposure(address, given), (found) => ({ setting: path, secret: sends.secret, ...found }))
          )
  }
}

export const required = <A>(kind: Kind<A>, meaning: string): Setting<A> =>
  settingOf(kind, meaning, Option.none(), (path) => decoded(kind, path))

/** The default stands in for an absent value only: an explicit zero or false is kept. */
export const withDefault = <A>(kind: Kind<A>, fallback: NoInfer<A>, meaning: string): Setting<A> =>
  settingOf(kind, meaning, Option.some(fallback), (path) => Config.withDefault(decoded(kind, path), fallback))

/** The same secrets, sent to an address that is held otherwise. */
const sendsTo = <A, B>(
  { sends }: Kind<A>,
  exposure: (of: Sends<A>["exposure"]) => Sends<B>["exposure"]
): Pick<Kind<B>, "sends"> => {
  if (sends === undefined) return {}
  return { sends: sends === "nothing secret" ? sends : { secret: sends.secret, exposure: exposure(sends.exposure) } }
}

/** Absent or empty is none, so that a deployment may blank out what its file sets. */
export const optional = <A>(kind: Kind<A>, meaning: string): Setting<Option.Option<A>> =>
  withDefault(
    {
      native: kind.native,
      accepts: kind.accepts,
      ...(kind.isSecret === undefined ? {} : { isSecret: kind.isSecret }),
      decode: (text) => (text === "" ? Either.right(Option.none()) : Either.map(kind.decode(text), Option.some)),
      ...sendsTo<A, Option.Option<A>>(
        kind,
        (exposure) => (address, given) => Option.flatMap(address, (there) => exposure(there, given))
      )
    },
    Option.none(),
    meaning
  )

/** For what existing files may hold and this worker has no use for. It is still checked. */
export const ignored = <A>(setting: Setting<A>): Setting<A> => ({ ...setting, isIgnored: true })

export const redacted = <A>(kind: Kind<A>): Kind<Redacted.Redacted<A>> => ({
  native: kind.native,
  accepts: kind.accepts,
  isSecret: true,
  decode: (text) => Either.map(kind.decode(text), Redacted.make),
  ...sendsTo<A, Redacted.Redacted<A>>(kind, (exposure) => (address, given) => exposure(Redacted.value(address), given))
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

/** Every secret that settings would send where others can read or change it, in the order of the settings. */
export const exposedSecrets = (
  settings: Iterable<readonly [path: string, setting: Setting<unknown>]>,
  given: Given
): Config.Config<ReadonlyArray<ExposedSecret>> =>
  Config.map(Config.all(Array.from(settings, ([path, setting]) => setting.exposed(path, given))), (found) =>
    found.flatMap(Option.toArray)
  )
