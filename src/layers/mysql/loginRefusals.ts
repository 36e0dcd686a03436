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

const connectFailures: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "the connection is refused: no server listens at this address"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["ENETUNREACH", "the network of the host cannot be reached"],
  ["ENOTFOUND", "the host is unknown"],
  ["EAI_AGAIN", "the name of the host cannot be resolved now"],
  ["ETIMEDOUT", "the host does not answer"]
])

/** Why an operator finds no usable server, in words if they are known. */
export const databaseProblemOf = (failure: {
  readonly errno?: number | undefined
  readonly code?: string | undefined
}): string | undefined => {
  const { code = "" } = failure
  const connect = connectFailures.get(code)
  return loginRefusalOf(failure) ?? (connect === undefined ? undefined : `${connect} (${code})`)
}

/** Whether waiting cannot help: the server has answered and would answer the same again. */
export const isFinal = (error: DbFailure): boolean => error._tag === "DbRefused" || error.reason === "login"
