import { Either, Option } from "effect"
import { isLoopback, printable } from "./address.ts"
import type { Exposure, Given, Kind, Sends } from "./Setting.ts"

/** A secret that is sent to an HTTP address, and the condition; always without `when`. */
interface HttpSecret {
  readonly secret: string
  readonly when?: (given: Given) => boolean
}

type Carries = HttpSecret | "nothing secret"

/** Whether the address is remote and plain HTTP. */
export const exposureOf = (address: string): Option.Option<Exposure> => {
  const { hostname, protocol } = new URL(address)
  return protocol === "https:" || isLoopback(hostname)
    ? Option.none()
    : Option.some({ address: printable(address), weakness: "not encrypted" })
}

const sent = (carries: Carries): Sends<string> | "nothing secret" =>
  carries === "nothing secret"
    ? carries
    : {
        secret: carries.secret,
        exposure: (address, given) => (carries.when?.(given) === false ? Option.none() : exposureOf(address))
      }

const parse = (value: string): Either.Either<URL, string> => {
  const url = URL.parse(value.trim())
  if (url === null || !/^https?:$/.test(url.protocol)) return Either.left("expected an http:// or https:// address")
  if (url.username !== "" || url.password !== "") return Either.left("must not contain a user or a password")
  return url.hash === "" ? Either.right(url) : Either.left("must not contain #")
}

/** A base URL, to which paths are added. A query is refused, because it would be lost. */
export const httpUrl = (carries: Carries): Kind<string> => ({
  native: "string",
  accepts: "an http:// or https:// address without a user, a password or a query",
  decode: (value) =>
    Either.flatMap(parse(value), ({ search }) =>
      search === "" ? Either.right(value.trim()) : Either.left("must not contain a query: no parameter is known here")
    ),
  sends: sent(carries)
})

/** An address that is called as given. Its path and query may be secrets. */
export const fullUrl = (carries: Carries): Kind<string> => ({
  native: "string",
  accepts: "an http:// or https:// address without a user or a password",
  decode: (value) => Either.map(parse(value), () => value.trim()),
  sends: sent(carries)
})

/** An address that requires https. */
export const httpsUrl: Kind<string> = {
  native: "string",
  accepts: "an https:// address without a user or a password",
  decode: (value) =>
    /^https:/i.test(value.trim())
      ? Either.map(parse(value), () => value.trim())
      : Either.left("expected an https:// address"),
  sends: "nothing secret"
}
