/**
 * Identifies the secret of a ciphertext: its column, and the key that its reader looks the row up by. A ciphertext copied to
 * another row or column has another purpose and is rejected there.
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

/**
 * Identified by its name alone: the control API encrypts it for an environment and copies the ciphertext into each deployment.
 */
export const environmentVariable = (name: string): Purpose => ({
  column: "deployments.encrypted_environment_variables",
  row: name
})

/** The purpose as AEAD associated data. Stored ciphertexts depend on this format. A column contains no colon. */
export const associatedData = ({ column, row }: Purpose): string => `${column}:${row}`
