import { createHash } from "node:crypto"
import { Effect, Either, Layer, Option, Redacted, Schema } from "effect"
import { BuildVariables, type EnvironmentVariables, VariablesRefused } from "../../services/builds/BuildVariables.ts"
import { environmentVariable } from "../../services/vault/Purpose.ts"
import { Vault } from "../../services/vault/Vault.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst } from "./rows.ts"

/** More than users configure, and few enough for the step that decrypts each one. */
const maxVariables = 500
/** Total size of names and values. A BuildKit secret has at most 500 KiB (`MaxSecretSize`); this leaves room for quotes. */
const maxBytes = 256 * 1024
/** Ciphertexts are base64 and somewhat longer than the plaintext. */
const maxStoredBytes = 1024 * 1024
const atOnce = 8

const storedVariables = decodeFirst(
  Schema.Struct({ environmentId: Schema.String, ciphertexts: Schema.NullOr(Schema.Uint8ArrayFromSelf) })
)

/** POSIX environment variable names (XBD 8.1) in either case, as wide as `environment_variables.key`. */
const Name = Schema.String.pipe(Schema.pattern(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/))
/** `{"secrets": {"NAME": "<ciphertext>"}}`; protojson omits an empty object. */
const Stored = Schema.parseJson(Schema.Struct({ secrets: Schema.optionalWith(Schema.Object, { default: () => ({}) }) }))
// As pairs: an object would lose a variable named `__proto__`.
const Pairs = Schema.Array(Schema.Tuple(Name, Schema.NonEmptyString))

const refuse = (problem: string) => Either.left(new VariablesRefused({ problem }))

/** Names and ciphertexts in the order of the names. */
const pairsOf = (stored: Uint8Array | null) => {
  if (stored === null) return refuse(`together they have more than ${maxStoredBytes} bytes`)
  if (stored.length === 0) return Either.right<ReadonlyArray<readonly [string, string]>>([])
  const given = Schema.decodeUnknownEither(Stored)(new TextDecoder().decode(stored))
  if (Either.isLeft(given)) return refuse("deployments.encrypted_environment_variables holds no variables")
  const entries = Object.entries(given.right.secrets)
  if (entries.length > maxVariables)
    return refuse(`there are ${entries.length}, at most ${maxVariables} can be given to a build`)
  const pairs = Schema.decodeUnknownEither(Pairs)(entries)
  return Either.isLeft(pairs)
    ? refuse("each needs a name of letters, digits and `_`, at most 256 of them and no digit first, and a value")
    : Either.right(pairs.right.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const checked = (name: string, value: Redacted.Redacted) => {
  const text = Redacted.value(value)
  return text.includes("\0") || !text.isWellFormed()
    ? Either.left(
        new VariablesRefused({ problem: `${name} holds what no environment variable can: it must be text without NUL` })
      )
    : Either.right([name, value] as const)
}

const bounded = (values: EnvironmentVariables["values"]) => {
  const bytes = [...values].reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(Redacted.value(value)),
    0
  )
  return bytes > maxBytes
    ? refuse(`together they have ${bytes} bytes, at most ${maxBytes} can be given to a build`)
    : Either.right(values)
}

/** Reads and decrypts the variables for each build, with the environment's keyring, as the running deployment does. */
export const BuildVariablesLive: Layer.Layer<BuildVariables, never, MysqlPools | Vault> = Layer.effect(
  BuildVariables,
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    const vault = yield* Vault
    const { query, sql } = primary

    const select = (deploymentId: string) =>
      storedVariables(sql`
        SELECT environment_id,
               CASE WHEN LENGTH(encrypted_environment_variables) <= ${sql.literal(String(maxStoredBytes))}
                    THEN encrypted_environment_variables END AS ciphertexts
        FROM deployments WHERE id = ${deploymentId}`)

    const forDeployment = Effect.fn("BuildVariables.forDeployment")(function* (deploymentId: string) {
      const row = yield* query("BuildVariables.forDeployment", select(deploymentId))
      if (row === null) return Option.none()
      const pairs = yield* pairsOf(row.ciphertexts)
      const decrypt = ([name, ciphertext]: readonly [string, string]) =>
        Effect.flatMap(vault.decrypt(row.environmentId, ciphertext, environmentVariable(name)), (value) =>
          checked(name, value)
        )
      const values = yield* bounded(new Map(yield* Effect.forEach(pairs, decrypt, { concurrency: atOnce })))
      const version = createHash("sha256").update(JSON.stringify(pairs)).digest("hex")
      return Option.some<EnvironmentVariables>({ values, version })
    })

    return BuildVariables.of({ forDeployment })
  })
)

/** Used if builds get no variables. */
export const NoBuildVariables: Layer.Layer<BuildVariables> = Layer.succeed(
  BuildVariables,
  BuildVariables.of({ forDeployment: () => Effect.succeedNone })
)
