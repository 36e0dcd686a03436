import { sign } from "node:crypto"
import { createServer } from "node:http"
import { Effect, type Scope } from "effect"
import { onLoopback } from "../stack/onLoopback.ts"
import { type Certificates, makeCertificates } from "./certificates.ts"

export interface TokenRequest {
  /** Null for an anonymous request. */
  readonly username: string | null
  readonly scopes: ReadonlyArray<string>
}

export interface TokenServer {
  /** Its URL, as in a registry's challenge. */
  readonly realm: string
  readonly service: string
  readonly issuer: string
  /** PEM of the authority that issued the signer's certificate. */
  readonly rootCertificate: string
  /** Issued tokens, in order. */
  readonly given: ReadonlyArray<TokenRequest>
}

interface Access {
  readonly type: string
  readonly name: string
  readonly actions: ReadonlyArray<string>
}

const service = "images"
const issuer = "token-server"
/** Seconds. */
const life = 300

const base64url = (content: string | Buffer) => Buffer.from(content).toString("base64url")

const certificateLine = (pem: string) => pem.replaceAll(/-----[^-]+-----|\s/g, "")

/** A JWT that Docker's registry accepts: its header contains the signer's certificate (`x5c`, RFC 7515). */
const signed = ({ server }: Certificates, subject: string, access: ReadonlyArray<Access>): string => {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: "ES256", typ: "JWT", x5c: [certificateLine(server.certificate)] }
  const claims = { iss: issuer, sub: subject, aud: service, exp: now + life, nbf: now - 10, iat: now, jti: "1", access }
  const content = [header, claims].map((part) => base64url(JSON.stringify(part))).join(".")
  const signature = sign("sha256", Buffer.from(content), { key: server.key, dsaEncoding: "ieee-p1363" })
  return `${content}.${base64url(signature)}`
}

const accessOf = (scope: string): Access => {
  const [type = "", name = "", actions = ""] = scope.split(":")
  return { type, name, actions: actions.split(",") }
}

const userOf = (authorization: string | undefined): readonly [username: string, password: string] | null => {
  if (authorization === undefined) return null
  const [username = "", password = ""] = Buffer.from(authorization.replace(/^basic /i, ""), "base64")
    .toString("utf8")
    .split(":")
  return [username, password]
}

/**
 * Issues tokens for a registry (Distribution token specification). The only user may do everything; anonymous requests may pull
 * below `public/`. Wrong credentials get no token.
 */
export const tokenServer = (user: {
  readonly username: string
  readonly password: string
}): Effect.Effect<TokenServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const certificates = yield* Effect.promise(() => makeCertificates("token-server"))
    const given: Array<TokenRequest> = []
    const server = createServer((request, response) => {
      const asked = new URL(request.url ?? "/", "http://token-server")
      const who = userOf(request.headers.authorization)
      if (who !== null && (who[0] !== user.username || who[1] !== user.password)) {
        response.writeHead(401).end()
        return
      }
      const scopes = asked.searchParams.getAll("scope").flatMap((scope) => scope.split(" ").filter((one) => one !== ""))
      given.push({ username: who?.[0] ?? null, scopes })
      const access = scopes.map(accessOf).map((each) =>
        who === null
          ? {
              ...each,
              actions: each.name.startsWith("public/") ? each.actions.filter((action) => action === "pull") : []
            }
          : each
      )
      const token = signed(certificates, who?.[0] ?? "", access)
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify({ token, expires_in: life }))
    })
    const port = yield* onLoopback(server)
    return { realm: `http://127.0.0.1:${port}/token`, service, issuer, rootCertificate: certificates.ca, given }
  })
