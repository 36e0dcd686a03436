import type { AuthPlugin } from "mysql2"

/** Every connection attempt fails: the server requests the password in cleartext. */
class CleartextPasswordRejected extends Error {
  constructor(plugin: string) {
    super(`the server asks for the password as text (${plugin}) and its certificate is not verified`)
  }
}

const rejecting =
  (plugin: string): AuthPlugin =>
  () =>
  () =>
    Promise.reject<string>(new CleartextPasswordRejected(plugin))

/**
 * For TLS without certificate verification: the driver considers any TLS secure and sends the password itself for these two
 * authentication methods, which the server chooses. A man in the middle could request it.
 */
export const rejectCleartextPassword: Readonly<Record<"mysql_clear_password" | "sha256_password", AuthPlugin>> = {
  mysql_clear_password: rejecting("mysql_clear_password"),
  sha256_password: rejecting("sha256_password")
}
