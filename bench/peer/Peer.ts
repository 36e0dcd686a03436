import { Effect, Option, Schema } from "effect"

/** Any worker that serves the contract, on a Restate and a database of its own or on shared ones. */
export interface Peer {
  readonly name: string
  /** Of Restate's ingress. */
  readonly ingress: string
  /** `mysql://user:password@host:port/database`, which the driver seeds and where its krane reports. */
  readonly database: string
  /** Of the worker, with Prometheus' process metrics. Without it neither processor time nor memory is printed. */
  readonly metrics: Option.Option<string>
  /** Of Restate's admin API. Without it no journal bytes are printed. */
  readonly admin: Option.Option<string>
}

export class PeerInvalid extends Schema.TaggedError<PeerInvalid>()("PeerInvalid", { given: Schema.String }) {
  override get message(): string {
    return `a worker is given as name=<ingress>,<mysql address>[,<metrics address>[,<admin address>]], not as ${this.given}`
  }
}

const isAddress = (text: string, ...protocols: ReadonlyArray<string>) =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol)

/** Reads `go=http://127.0.0.1:8080,mysql://root@127.0.0.1:3306/unkey`. */
export const parsePeer = (given: string): Effect.Effect<Peer, PeerInvalid> => {
  const at = given.indexOf("=")
  const [ingress = "", database = "", metrics, admin, ...more] = given.slice(at + 1).split(",")
  const isValid =
    at > 0 &&
    more.length === 0 &&
    isAddress(ingress, "http:", "https:") &&
    isAddress(database, "mysql:") &&
    [metrics, admin].every((address) => address === undefined || isAddress(address, "http:", "https:"))
  // A password in the address is not repeated.
  if (!isValid) return new PeerInvalid({ given: given.replace(/\/\/[^@,]*@/g, "//***@") })
  return Effect.succeed({
    name: given.slice(0, at),
    ingress,
    database,
    metrics: Option.fromNullable(metrics),
    admin: Option.fromNullable(admin)
  })
}
