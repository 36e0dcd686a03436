import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import type { VaultSettings } from "../config/vault.ts"
import type { WorkerConfig } from "../config.ts"
import { LocalVaultLive } from "../layers/vault/LocalVaultLive.ts"
import { UnkeyVaultLive } from "../layers/vault/UnkeyVaultLive.ts"
import type { VaultFileRefused } from "../layers/vault/VaultFileRefused.ts"
import { Health, HealthCheckFailed } from "../operations/Health.ts"
import { Vault, VaultUnavailable } from "../services/vault/Vault.ts"
import { fromConfig, imported } from "./fromConfig.ts"

/** The configured vault. */
export const openVault = (settings: VaultSettings) => {
  switch (settings.kind) {
    case "unkey":
      return UnkeyVaultLive(settings)
    case "hashicorp":
      return imported(
        () => import("../layers/vault/HashicorpVaultLive.ts"),
        ({ HashicorpVaultLive }) => HashicorpVaultLive(settings)
      )
    case "local":
      return LocalVaultLive(settings.keyFile)
  }
}

/**
 * Readiness shows whether the vault answers but does not depend on it: deploys need no vault, and steps that do are
 * retried.
 */
const checkVault = Effect.gen(function* () {
  const health = yield* Health
  const vault = yield* Vault
  const reachable = vault.check.pipe(
    Effect.mapError(({ message }) => new HealthCheckFailed({ reason: message })),
    // Not traced: probes arrive every few seconds.
    Effect.withTracerEnabled(false)
  )
  yield* health.registerInformational("vault", reachable)
})

const away = (operation: VaultUnavailable["operation"]) => new VaultUnavailable({ operation, reason: "unavailable" })

/** Used without a configured vault. The rules of the settings ensure that no enabled feature needs one. */
const NoVault: Layer.Layer<Vault> = Layer.succeed(
  Vault,
  Vault.of({
    encrypt: () => away("encrypt"),
    decrypt: () => away("decrypt"),
    check: away("check"),
    bindsPurpose: away("check")
  })
)

/** The configured vault and its readiness check. An unavailable vault does not prevent the start. */
export const ConfiguredVault: Layer.Layer<Vault, VaultFileRefused, Health | WorkerConfig> = fromConfig(({ vault }) =>
  Option.match(vault, {
    onNone: () => NoVault,
    onSome: (settings) =>
      Layer.effectDiscard(checkVault).pipe(Layer.provideMerge(openVault(settings)), Layer.provide(NodeFileSystem.layer))
  })
)
