import type { AuthPlugin } from "mysql2"

/** Every connection that is opened ends with it: the server wants what it must not have. */
class PasswordAsTextRefused extends Error {
  constructor(plugin: string) {
    super(`the server asks for the password as text (${plugin}) and its certificate is not verified`)
  }
}

const refusing =
  (plugin: string): AuthPlugin =>
  () =>
  () =>
    Promise.reject<string>(new PasswordAsTextRefused(plugin))

/**
 * For TLS without a check of the certificate: the driver takes any TLS for a safe way and answers these two methods, which
 * the server chooses, with the password itself. A machine in between would only have to ask.
 */
export const withoutPasswordAsText: Readonly<Record<"mysql_clear_password" | "sha256_password", AuthPlugin>> = {
  mysql_clear_password: refusing("mysql_clear_password"),
  sha256_password: refusing("sha256_password")
}
