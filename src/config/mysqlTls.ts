import { Array as Arr, Either, Option, Schema } from "effect"
import type { Parameters } from "./parameters.ts"

/**
 * `verify` checks the certificate and its name (private authorities through NODE_EXTRA_CA_CERTS), `skip-verify` only
 * encrypts, `preferred` is `skip-verify`: a pool cannot fall back to plain text.
 */
export type MysqlTls = "off" | "verify" | "skip-verify" | "preferred"

type Reading = Either.Either<MysqlTls, string>

const among =
  (name: string, values: Readonly<Record<string, MysqlTls>>) =>
  (value: string): Reading => {
    const tls = values[value.toLowerCase().replaceAll("-", "_")]
    return tls === undefined
      ? Either.left(`the parameter ${name} must be one of ${Object.keys(values).join(", ")}`)
      : Either.right(tls)
  }

const goNames: Readonly<Record<string, MysqlTls>> = {
  "": "off",
  false: "off",
  "0": "off",
  disabled: "off",
  preferred: "preferred",
  required: "skip-verify",
  "skip-verify": "skip-verify"
}

/** go-sql-driver/mysql, "tls". Any other name refers to a configuration registered in Go code; treated as `verify`. */
const goTls = (value: string): Reading => Either.right(goNames[value.toLowerCase()] ?? "verify")

/** MySQL's own clients, "--ssl-mode". All verifying modes are treated as the strictest one. */
const sslMode = among("ssl-mode", {
  disabled: "off",
  preferred: "preferred",
  required: "skip-verify",
  verify_ca: "verify",
  verify_identity: "verify"
})

/** Prisma, "sslaccept". */
const sslAccept = among("sslaccept", { strict: "verify", accept_invalid_certs: "skip-verify" })

const Profile = Schema.parseJson(Schema.Struct({ rejectUnauthorized: Schema.optional(Schema.Boolean) }))

/** The driver mysql2, "ssl": a flag, or an object with only this property supported. */
const ssl = (value: string): Reading => {
  const named = { true: "verify", "1": "verify", false: "off", "0": "off" } as const
  const flag = Object.entries(named).find(([name]) => name === value.toLowerCase())
  if (flag !== undefined) return Either.right(flag[1])
  return Either.mapBoth(Schema.decodeUnknownEither(Profile, { onExcessProperty: "error" })(value), {
    onLeft: () =>
      'the parameter ssl must be true, false or {"rejectUnauthorized":true}; a private authority goes into NODE_EXTRA_CA_CERTS',
    onRight: ({ rejectUnauthorized }) => (rejectUnauthorized === false ? "skip-verify" : "verify")
  })
}

const readers: Readonly<Record<string, (value: string) => Reading>> = {
  tls: goTls,
  ssl,
  sslmode: sslMode,
  sslaccept: sslAccept
}

/** `ssl-mode`, `ssl_mode`, `sslMode` and `sslmode` are one parameter: its spelling depends on the client. */
const readerOf = (name: string) => readers[name.toLowerCase().replaceAll(/[-_]/g, "")]

export const isTlsParameter = (name: string): boolean => readerOf(name) !== undefined

/** The TLS mode of the parameters; off without any, refused when two disagree. */
export const tlsOf = (parameters: Parameters): Reading =>
  Either.gen(function* () {
    const said: Array<MysqlTls> = []
    for (const [name, value] of parameters) {
      const read = readerOf(name)
      if (read !== undefined) said.push(yield* read(value))
    }
    const [first, ...others] = Arr.dedupe(said)
    return others.length === 0
      ? Option.getOrElse(Option.fromNullable(first), () => "off" as const)
      : yield* Either.left("says two things about TLS")
  })
