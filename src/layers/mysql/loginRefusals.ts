import type { DbFailure } from "../../services/Db.ts"

/** What to correct, by the server's error number (MySQL 8.4, "Server Error Message Reference"). */
const refusals: ReadonlyMap<number, string> = new Map([
  [1044, "the user may not use the database"],
  [1045, "the user or the password is refused, or a connection over TLS is required"],
  [1049, "there is no such database"],
  [1698, "the user is refused"],
  [3159, "the server accepts only connections over TLS"]
])

/** What the server refuses about a login, with its error number. Undefined for any other failure. */
export const loginRefusalOf = ({ errno }: { readonly errno?: number | undefined }): string | undefined => {
  const refusal = refusals.get(errno ?? 0)
  return refusal === undefined ? undefined : `${refusal} (${errno})`
}

/** Whether waiting cannot help: the server has answered and would answer the same again. */
export const isFinal = (error: DbFailure): boolean => error._tag === "DbRefused" || error.reason === "login"
