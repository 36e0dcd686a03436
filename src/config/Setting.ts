import { Config, ConfigError, Either, Option, Redacted } from "effect"

/** The native TOML type of a value. A string is always accepted too and read like an environment variable. */
export type NativeType = "string" | "number" | "boolean" | "list"

/** The given texts by path, without absent settings. */
export type Given = ReadonlyMap<string, string>

/** Empty counts as absent, so that the environment can unset a value of the file. */
export const isGiven = (given: Given, path: string): boolean => !["", undefined].includes(given.get(path))

/** Why a connection to an address is not protected. */
export interface Exposure {
  /** Safe to print. */
  readonly address: string
  readonly weakness: "not encrypted" | "the server is not verified"
}

/** A secret that is sent to an address. */
export interface Sends<A> {
  /** Its name in log lines, such as `the token`. */
  readonly secret: string
  /** None if the connection is protected or local, or if these settings send no secret. */
  readonly exposure: (address: A, given: Given) => Option.Option<Exposure>
}

/** Decodes the text of one setting, or says what was expected, without quoting a secret. */
export interface Kind<A> {
  readonly native: NativeType
  /** The accepted values, as after "expected": `an integer from 1 to 1000`. */
  readonly accepts: string
  /** Whether the value is a secret or contains one. */
  readonly isSecret?: true
  readonly decode: (text: string) => Either.Either<A, string>
  /** For addresses only. Part of every kind of address, so that no address is left out. */
  readonly sends?: Sends<A> | "nothing secret"
}

/** One leaf of the settings tree. Its name is its path in the tree. */
export interface Setting<A> {
  readonly _tag: "Setting"
  readonly kind: Pick<Kind<unknown>, "accepts" | "isSecret" | "native"> & { readonly isAddress: boolean }
  /** One sentence for operators; becomes part of the configuration reference. */
  readonly meaning: string
  /** The default of an absent value; none for a required setting. */
  readonly fallback: Option.Option<A>
  /** Accepted for files of the Go worker, without effect. */
  readonly isIgnored?: true
  readonly config: (path: string) => Config.Config<A>
  /** A secret that the configured address exposes. */
  readonly exposed: (path: string, given: Given) => Config.Config<Option.Option<ExposedSecret>>
}

/** Message of the log line about such a secret, for alerts and searches. */
export const exposedSecretEvent = "A secret is sent without protection"

/** A secret that leaves this machine over an unprotected connection. */
export interface ExposedSecret extends Exposure {
  readonly setting: string
  readonly secret: string
}

export interface SettingTree {
  readonly [name: string]: Setting<unknown> | SettingTree
}

/** The decoded values of a tree of settings. */
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

/** The default applies to an absent value only: an explicit zero or false is kept. */
export const withDefault = <A>(kind: Kind<A>, fallback: NoInfer<A>, meaning: string): Setting<A> =>
  settingOf(kind, meaning, Option.some(fallback), (path) => Config.withDefault(decoded(kind, path), fallback))

/** Maps the address of the secrets. */
const sendsTo = <A, B>(
  { sends }: Kind<A>,
  exposure: (of: Sends<A>["exposure"]) => Sends<B>["exposure"]
): Pick<Kind<B>, "sends"> => {
  if (sends === undefined) return {}
  return { sends: sends === "nothing secret" ? sends : { secret: sends.secret, exposure: exposure(sends.exposure) } }
}

/** None when absent or empty, so that the environment can unset a value of the file. */
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

/** For settings of existing files that this worker does not use. They are still validated. */
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

/** Every setting of the tree by its path. */
export const settingsByPath = (tree: SettingTree, prefix = ""): ReadonlyMap<string, Setting<unknown>> =>
  new Map(
    Object.entries(tree).flatMap(([key, node]): ReadonlyArray<readonly [string, Setting<unknown>]> => {
      const path = join(prefix, key)
      return isSetting(node) ? [[path, node]] : [...settingsByPath(node, path)]
    })
  )

const nodeConfig = (node: Setting<unknown> | SettingTree, path: string): Config.Config<unknown> =>
  isSetting(node)
    ? node.config(path)
    : Config.all(
        Object.fromEntries(Object.entries(node).map(([key, child]) => [key, nodeConfig(child, join(path, key))]))
      )

/** One Config for a whole tree; fails with the problems of all settings. */
export const treeConfig = <T extends SettingTree>(tree: T): Config.Config<SettingValues<T>> =>
  // The record is rebuilt key by key from the tree, which the type of Object.fromEntries cannot express.
  nodeConfig(tree, "") as Config.Config<SettingValues<T>>

/** One Config for separate settings, named by their keys. */
export const namedConfig = <T extends Readonly<Record<string, Setting<unknown>>>>(
  named: T
): Config.Config<SettingValues<T>> =>
  // As above: the record is rebuilt key by key.
  Config.all(
    Object.fromEntries(Object.entries(named).map(([name, { config }]) => [name, config(name)]))
  ) as Config.Config<SettingValues<T>>

/** Every secret that settings would send over an unprotected connection, in the order of the settings. */
export const exposedSecrets = (
  settings: Iterable<readonly [path: string, setting: Setting<unknown>]>,
  given: Given
): Config.Config<ReadonlyArray<ExposedSecret>> =>
  Config.map(Config.all(Array.from(settings, ([path, setting]) => setting.exposed(path, given))), (found) =>
    found.flatMap(Option.toArray)
  )
