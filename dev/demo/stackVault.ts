import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Option, Redacted } from "effect"
import { HashicorpVaultLive } from "../../src/layers/vault/HashicorpVaultLive.ts"
import { VaultServer } from "../simulators/VaultServer.ts"

/** Seconds; longer than the demo takes. */
const tokenTtl = 600

/** The stack's vault as frontline would use it: with its own login. */
export const stackVault = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { allowAppRole, url } = yield* VaultServer
    const { roleId, secretId } = yield* allowAppRole({ ttl: tokenTtl })
    return HashicorpVaultLive({
      url,
      namespace: Option.none(),
      transitMount: "transit",
      associatedData: true,
      caFile: Option.none(),
      login: { method: "approle", mount: "approle", roleId, secretId: Redacted.make(secretId) }
    })
  })
).pipe(Layer.provide(NodeFileSystem.layer))
