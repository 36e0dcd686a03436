import { Option } from "effect"
import type { Settings } from "./settings.ts"

type VaultSection = Settings["vault"]

/** The login to a HashiCorp Vault; none when no method is complete. */
const loginOf = (vault: VaultSection) =>
  Option.firstSomeOf([
    Option.map(vault.token, (token) => ({ method: "token" as const, token })),
    Option.map(Option.all({ roleId: vault.roleId, secretId: vault.secretId }), (role) => ({
      method: "approle" as const,
      mount: vault.approleMount,
      ...role
    })),
    Option.map(vault.kubernetesRole, (role) => ({
      method: "kubernetes" as const,
      mount: vault.kubernetesMount,
      role,
      tokenFile: vault.kubernetesTokenFile
    }))
  ])

const hashicorp = (vault: VaultSection) =>
  Option.map(Option.all({ url: vault.url, login: loginOf(vault) }), (reached) => ({
    kind: "hashicorp" as const,
    ...reached,
    namespace: vault.namespace,
    transitMount: vault.transitMount,
    associatedData: vault.associatedData,
    caFile: vault.caFile
  }))

const unkey = (vault: VaultSection) =>
  Option.map(vault.url, (url) => ({ kind: "unkey" as const, url, token: vault.token }))

const local = (vault: VaultSection) => Option.map(vault.keyFile, (keyFile) => ({ kind: "local" as const, keyFile }))

/** The configured vault with the settings of its kind. */
export type VaultSettings = Option.Option.Value<ReturnType<typeof hashicorp | typeof local | typeof unkey>>

/** None when no vault is configured. The rules refuse incomplete sections. */
export const assembleVault = (vault: VaultSection): Option.Option<VaultSettings> => {
  switch (vault.kind) {
    case "local":
      return local(vault)
    case "hashicorp":
      return hashicorp(vault)
    default:
      return unkey(vault)
  }
}
