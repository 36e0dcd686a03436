import { httpUrl } from "../httpAddresses.ts"
import { flag, matching, nonEmptyText, oneOf, secretText } from "../kinds.ts"
import { optional, redacted, withDefault } from "../Setting.ts"

/** A mount becomes part of an address. */
const vaultMount = matching(/^[\w-]+(\/[\w-]+)*$/, 'the path of a mount such as "transit"')

/** The vault of secrets. */
export const vault = {
  kind: withDefault(
    oneOf("unkey", "hashicorp", "local"),
    "unkey",
    "`unkey`: Unkey's own vault. `hashicorp`: the transit engine of HashiCorp Vault or OpenBao. `local`: a key file, for development. With the default and without `vault.url`, no vault is used."
  ),
  url: optional(httpUrl({ secret: "the vault's token and what is encrypted" }), "The address of the vault."),
  token: optional(redacted(secretText), "The bearer token of Unkey's vault, or a token of HashiCorp Vault."),
  namespace: optional(nonEmptyText, "A namespace of HashiCorp Vault Enterprise or OpenBao."),
  transitMount: withDefault(vaultMount, "transit", "The mount path of the transit engine."),
  associatedData: withDefault(
    flag,
    true,
    "`true`: each ciphertext is bound to its row and cannot be decrypted in another one. `false`: ciphertexts are not bound, for readers that do not support that. Both forms can be read."
  ),
  caFile: optional(
    nonEmptyText,
    "File with the certificate authorities of the vault's certificate, in PEM. Default: those of the system."
  ),
  roleId: optional(nonEmptyText, "The role id of an AppRole login, with `vault.secret_id`."),
  secretId: optional(redacted(secretText), "The secret id of the AppRole login."),
  approleMount: withDefault(vaultMount, "approle", "The mount path of the AppRole auth method."),
  kubernetesRole: optional(nonEmptyText, "The role of a Kubernetes login, with the pod's service account."),
  kubernetesMount: withDefault(vaultMount, "kubernetes", "The mount path of the Kubernetes auth method."),
  kubernetesTokenFile: withDefault(
    nonEmptyText,
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "File with the service account's token, read at each login. The default is its path in every pod."
  ),
  keyFile: optional(nonEmptyText, "File with the keys of a local vault, one per line. The last key encrypts.")
}
