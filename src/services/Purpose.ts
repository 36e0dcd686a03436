/**
 * Which secret a ciphertext holds: the column that keeps it, and the row, by what its reader finds it with. Another secret
 * has another purpose, so a ciphertext that is moved to another row or column does not fit there.
 */
export interface Purpose {
  readonly column:
    | "acme_users.encrypted_key"
    | "certificates.encrypted_private_key"
    | "clickhouse_workspace_settings.password_encrypted"
    | "deployments.encrypted_environment_variables"
  readonly row: string
}

export const acmeAccountKey = (accountId: string): Purpose => ({ column: "acme_users.encrypted_key", row: accountId })

export const certificateKey = (hostname: string): Purpose => ({
  column: "certificates.encrypted_private_key",
  row: hostname
})

export const clickhousePassword = (workspaceId: string): Purpose => ({
  column: "clickhouse_workspace_settings.password_encrypted",
  row: workspaceId
})

/** By its name alone: the control API encrypts it for an environment, and copies the ciphertext into each deployment. */
export const environmentVariable = (name: string): Purpose => ({
  column: "deployments.encrypted_environment_variables",
  row: name
})

/** The purpose as a vault authenticates it. Stored ciphertexts depend on it: it stays as it is. A column has no colon. */
export const associatedData = ({ column, row }: Purpose): string => `${column}:${row}`
