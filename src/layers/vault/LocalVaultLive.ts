import { FileSystem } from "@effect/platform"
import { Array as Arr, Effect, Layer, Redacted } from "effect"
import { withCheckedKeyrings } from "../../services/vault/Keyring.ts"
import { DecryptionRefused, Vault, VaultUnavailable } from "../../services/vault/Vault.ts"
import { decryptWith, encryptWith } from "./local/envelope.ts"
import { createKeyFile, readKeyFile } from "./local/keyFile.ts"
import type { VaultFileRefused } from "./VaultFileRefused.ts"

const make = (file: string) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    yield* createKeyFile(file)
    yield* readKeyFile(file)

    const keysFor = (operation: VaultUnavailable["operation"]) =>
      readKeyFile(file).pipe(
        Effect.tapError(({ message }) => Effect.logError("The local vault has no keys", { problem: message })),
        Effect.mapError(() => new VaultUnavailable({ operation, reason: "unavailable" })),
        Effect.provideService(FileSystem.FileSystem, fileSystem)
      )
    return Vault.of(
      withCheckedKeyrings({
        encrypt: Effect.fn("Vault.encrypt")((keyring, plaintext, purpose) =>
          Effect.map(keysFor("encrypt"), (keys) =>
            encryptWith(Arr.lastNonEmpty(keys), { keyring, purpose }, Redacted.value(plaintext))
          )
        ),
        decrypt: Effect.fn("Vault.decrypt")((keyring, ciphertext, purpose) =>
          Effect.flatMap(keysFor("decrypt"), (keys) =>
            Effect.mapBoth(decryptWith(keys, { keyring, purpose }, ciphertext), {
              onSuccess: Redacted.make<string>,
              onFailure: () => new DecryptionRefused({ keyring })
            })
          )
        ),
        check: Effect.asVoid(keysFor("check")).pipe(Effect.withSpan("Vault.check")),
        bindsPurpose: Effect.succeed(true)
      })
    )
  })

/**
 * An in-process vault for development. Master keys are in a file, created with mode 0600 if missing. An appended line is a
 * newer key; older ones keep decrypting. Processes that share the file share the vault.
 */
export const LocalVaultLive = (file: string): Layer.Layer<Vault, VaultFileRefused, FileSystem.FileSystem> =>
  Layer.effect(Vault, make(file))
