import { FileSystem } from "@effect/platform"
import { Effect, Layer, type Option, Redacted, Schema } from "effect"
import { withCheckedKeyrings } from "../../services/Keyring.ts"
import { DecryptionRefused, Vault, type VaultUnavailable } from "../../services/Vault.ts"
import { unavailableBy } from "./answers.ts"
import type { VaultLogin } from "./hashicorp/login.ts"
import { type VaultClient, type VaultStatus, vaultClient } from "./hashicorp/VaultClient.ts"
import { type VaultSession, vaultSession } from "./hashicorp/VaultSession.ts"
import { VaultFileRefused } from "./VaultFileRefused.ts"

export interface HashicorpVaultOptions {
  readonly url: string
  readonly namespace: Option.Option<string>
  /** Where the transit engine is mounted. */
  readonly transitMount: string
  /** Certificates to trust instead of the system's. */
  readonly caFile: Option.Option<string>
  readonly login: VaultLogin
}

const Encrypted = Schema.Struct({ data: Schema.Struct({ ciphertext: Schema.String }) })
const Decrypted = Schema.Struct({ data: Schema.Struct({ plaintext: Schema.Redacted(Schema.StringFromBase64) }) })

const readCa = (caFile: Option.Option<string>) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    return yield* Effect.transposeMapOption(caFile, (file) =>
      Effect.mapError(
        fileSystem.readFileString(file),
        (error) =>
          new VaultFileRefused({
            setting: "vault.ca_file",
            file,
            problem: error._tag === "SystemError" ? error.reason : error._tag
          })
      )
    )
  })

/** One transit key per keyring. */
const transit = (client: VaultClient, session: VaultSession, mount: string) => {
  const encrypt = (keyring: string, plaintext: Redacted.Redacted) =>
    session.use((token) =>
      client.send({
        operation: "encrypt",
        path: `${mount}/encrypt/${keyring}`,
        body: { plaintext: Buffer.from(Redacted.value(plaintext)).toString("base64") },
        token,
        answer: Encrypted
      })
    )
  const createKey = (keyring: string) =>
    session.use((token) =>
      client.send({
        operation: "encrypt",
        path: `${mount}/keys/${keyring}`,
        body: { type: "aes256-gcm96" },
        token,
        answer: Schema.Unknown
      })
    )
  return {
    /** The first encryption of a keyring creates its key by itself, unless the mount is told not to: then we do. Creating a key again does nothing. */
    encrypt: (keyring: string, plaintext: Redacted.Redacted) =>
      Effect.catchIf(
        encrypt(keyring, plaintext),
        (error) => error._tag === "VaultStatus" && error.status === 400,
        () => Effect.zipRight(createKey(keyring), encrypt(keyring, plaintext))
      ),
    decrypt: (keyring: string, ciphertext: string) =>
      session.use((token) =>
        client.send({
          operation: "decrypt",
          path: `${mount}/decrypt/${keyring}`,
          body: { ciphertext },
          token,
          answer: Decrypted
        })
      ),
    check: session.use((token) =>
      client.send({ operation: "check", path: "auth/token/lookup-self", token, answer: Schema.Unknown })
    )
  }
}

/** Vault's own 400 on decryption is its word for a ciphertext that is not of this key; everything else is about Vault itself. */
const refusedOrUnavailable = (keyring: string) => (error: VaultStatus | VaultUnavailable) => {
  if (error._tag === "VaultUnavailable") return error
  return error.fromVault && error.status === 400
    ? new DecryptionRefused({ keyring })
    : unavailableBy("decrypt", error.status)
}

const orUnavailable = (operation: VaultUnavailable["operation"]) => (error: VaultStatus | VaultUnavailable) =>
  error._tag === "VaultUnavailable" ? error : unavailableBy(operation, error.status)

const make = Effect.fnUntraced(function* (options: HashicorpVaultOptions) {
  const { login, namespace, transitMount, url } = options
  const client = yield* vaultClient({ url, namespace, ca: yield* readCa(options.caFile) })
  const engine = transit(client, yield* vaultSession(client, login), transitMount)
  return Vault.of(
    withCheckedKeyrings({
      encrypt: Effect.fn("Vault.encrypt")((keyring, plaintext) =>
        engine.encrypt(keyring, plaintext).pipe(
          Effect.map(({ data }) => data.ciphertext),
          Effect.mapError(orUnavailable("encrypt"))
        )
      ),
      decrypt: Effect.fn("Vault.decrypt")((keyring, ciphertext) =>
        engine.decrypt(keyring, ciphertext).pipe(
          Effect.map(({ data }) => data.plaintext),
          Effect.mapError(refusedOrUnavailable(keyring))
        )
      ),
      check: engine.check.pipe(Effect.mapError(orUnavailable("check")), Effect.asVoid, Effect.withSpan("Vault.check"))
    })
  )
})

/**
 * HashiCorp Vault or OpenBao, through its transit engine. Each request takes at most 5 s. A Vault that is away or sealed
 * does not keep the layer from being built: calls fail until it is back, and `check` tells.
 */
export const HashicorpVaultLive = (
  options: HashicorpVaultOptions
): Layer.Layer<Vault, VaultFileRefused, FileSystem.FileSystem> => Layer.scoped(Vault, make(options))
