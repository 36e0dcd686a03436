import { Effect } from "effect"
import { VaultServer } from "../simulators/VaultServer.ts"

/** Seconds; short enough for a long session to see renewals. */
const tokenTtl = 1_200

/** What a worker needs to use this stack's vault, under the names of its configuration: an AppRole of its own. */
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
