import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import type { VaultSettings } from "../config/vault.ts"
import { WorkerConfig } from "../config.ts"
import { HashicorpVaultLive } from "../layers/vault/HashicorpVaultLive.ts"
import { LocalVaultLive } from "../layers/vault/LocalVaultLive.ts"
import { UnkeyVaultLive } from "../layers/vault/UnkeyVaultLive.ts"
import type { VaultFileRefused } from "../layers/vault/VaultFileRefused.ts"
import { Health, HealthCheckFailed } from "../services/Health.ts"
import { Vault, VaultUnavailable } from "../services/Vault.ts"

/** The vault that these settings name. */
export const openVault = (settings: VaultSettings) => {
  switch (settings.kind) {
    case "unkey":
      return UnkeyVaultLive(settings)
    case "hashicorp":
      return HashicorpVaultLive(settings)
    case "local":
      return LocalVaultLive(settings.keyFile)
  }
}

/** Readiness tells whether the vault answers and does not depend on it: a deployment needs no vault, and what does need it waits. */
const checkVault = Effect.gen(function* () {
  const health = yield* Health
  const vault = yield* Vault
  const reachable = vault.check.pipe(
    Effect.mapError(({ message }) => new HealthCheckFailed({ reason: message })),
    // Probes come every few seconds for as long as the process lives: nobody wants their spans.
    Effect.withTracerEnabled(false)
  )
  yield* health.registerInformational("vault", reachable)
})

const away = (operation: VaultUnavailable["operation"]) => new VaultUnavailable({ operation, reason: "unavailable" })

/** Where no vault is configured. The rules of the configuration see to it that nothing that is switched on needs one. */
const NoVault: Layer.Layer<Vault> = Layer.succeed(
  Vault,
  Vault.of({
    encrypt: () => away("encrypt"),
    decrypt: () => away("decrypt"),
    check: away("check"),
    bindsPurpose: away("check")
  })
)

/** The vault of the configuration, and its part in the readiness of the worker. A vault that is away does not keep it from starting. */
export const ConfiguredVault: Layer.Layer<Vault, VaultFileRefused, Health | WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ vault }) =>
    Option.match(vault, {
      onNone: () => NoVault,
      onSome: (settings) =>
        Layer.effectDiscard(checkVault).pipe(
          Layer.provideMerge(openVault(settings)),
          Layer.provide(NodeFileSystem.layer)
        )
    })
  )
)
