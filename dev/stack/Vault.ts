import { Effect } from "effect"
import { VaultServer } from "../simulators/VaultServer.ts"

/** Seconds; short enough to observe renewals in a long session. */
const tokenTtl = 1_200

/** A worker's settings for this stack's vault, by configuration name: an AppRole login. */
export const vaultEnvironment = Effect.gen(function* () {
  const { allowAppRole, url } = yield* VaultServer
  const { roleId, secretId } = yield* allowAppRole({ ttl: tokenTtl })
  return {
    WORKER_VAULT_KIND: "hashicorp",
    WORKER_VAULT_URL: url,
    WORKER_VAULT_ROLE_ID: roleId,
    WORKER_VAULT_SECRET_ID: secretId
  }
})
