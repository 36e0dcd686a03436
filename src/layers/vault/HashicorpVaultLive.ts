import { FileSystem } from "@effect/platform"
import { Effect, Layer, type Option, Redacted } from "effect"
import { withCheckedKeyrings } from "../../services/vault/Keyring.ts"
import { associatedData } from "../../services/vault/Purpose.ts"
import { DecryptionRefused, Vault, type VaultUnavailable } from "../../services/vault/Vault.ts"
import { unavailableBy } from "./answers.ts"
import { decryptBound, encryptBound, isBound } from "./hashicorp/binding.ts"
import type { VaultLogin } from "./hashicorp/login.ts"
import { isRefusal, transit } from "./hashicorp/transit.ts"
import { type VaultStatus, vaultClient } from "./hashicorp/VaultClient.ts"
import { vaultSession } from "./hashicorp/VaultSession.ts"
import { VaultFileRefused } from "./VaultFileRefused.ts"

export interface HashicorpVaultOptions {
  readonly url: string
  readonly namespace: Option.Option<string>
  /** Mount path of the transit engine. */
  readonly transitMount: string
  /** Whether to bind new ciphertexts to their purpose, if the engine supports it. */
  readonly associatedData: boolean
  /** Trusted certificates; replaces the system's roots. */
  readonly caFile: Option.Option<string>
  readonly login: VaultLogin
}

/** The transit key for testing the engine. Encrypts no data. */
const testKeyring = "ctrl-worker-check"

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

/** Vault's own 400 on decryption means that the ciphertext is not of this key; any other error concerns Vault itself. */
const refusedOrUnavailable = (keyring: string) => (error: VaultStatus | VaultUnavailable) => {
  if (error._tag === "VaultUnavailable") return error
  return isRefusal(error) ? new DecryptionRefused({ keyring }) : unavailableBy("decrypt", error.status)
}

const orUnavailable = (operation: VaultUnavailable["operation"]) => (error: VaultStatus | VaultUnavailable) =>
  error._tag === "VaultUnavailable" ? error : unavailableBy(operation, error.status)

const make = Effect.fnUntraced(function* (options: HashicorpVaultOptions) {
  const { login, namespace, transitMount, url } = options
  const client = yield* vaultClient({ url, namespace, ca: yield* readCa(options.caFile) })
  const engine = transit(client, yield* vaultSession(client, login), transitMount)
  return Vault.of(
    withCheckedKeyrings({
      encrypt: Effect.fn("Vault.encrypt")((keyring, plaintext, purpose) =>
        (options.associatedData
          ? encryptBound(engine, keyring, plaintext, associatedData(purpose))
          : engine.encrypt(keyring, plaintext)
        ).pipe(Effect.mapError(orUnavailable("encrypt")))
      ),
      decrypt: Effect.fn("Vault.decrypt")((keyring, ciphertext, purpose) =>
        decryptBound(engine, keyring, ciphertext, associatedData(purpose)).pipe(
          Effect.mapError(refusedOrUnavailable(keyring))
        )
      ),
      check: engine.check.pipe(Effect.mapError(orUnavailable("check")), Effect.asVoid, Effect.withSpan("Vault.check")),
      bindsPurpose: options.associatedData
        ? encryptBound(engine, testKeyring, Redacted.make("check"), testKeyring).pipe(
            Effect.mapBoth({ onSuccess: isBound, onFailure: orUnavailable("check") }),
            Effect.withSpan("Vault.bindsPurpose")
          )
        : Effect.succeed(false)
    })
  )
})

/**
 * HashiCorp Vault or OpenBao, through the transit engine. Each request takes at most 5 s. The layer starts even if Vault is
 * unavailable or sealed: calls fail until it recovers, and `check` reports it.
 */
export const HashicorpVaultLive = (
  options: HashicorpVaultOptions
): Layer.Layer<Vault, VaultFileRefused, FileSystem.FileSystem> => Layer.scoped(Vault, make(options))
