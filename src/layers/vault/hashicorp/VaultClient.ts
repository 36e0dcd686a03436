import { Data, Effect, Option, Redacted, type Runtime, Schema, type Scope } from "effect"
import nodeVault from "node-vault"
import type { VaultUnavailable } from "../../../services/vault/Vault.ts"
import { hashicorpVault } from "../../outbound/bounds.ts"
import { OutboundRefused, OutboundUnavailable } from "../../outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "../../outbound/OutboundHttp.ts"
import { noAnswer, unexpectedAnswer } from "../answers.ts"
import { directTransport } from "./transport.ts"

/**
 * A response with an error status. Its message is discarded: it may quote the request. `fromVault` distinguishes Vault's
 * responses from a proxy's.
 */
export class VaultStatus extends Data.TaggedError("VaultStatus")<{
  readonly status: number
  readonly fromVault: boolean
}> {}

export interface VaultAddress {
  readonly url: string
  readonly namespace: Option.Option<string>
  /** Trusted certificates in PEM; replaces the system's roots. */
  readonly ca: Option.Option<string>
}

interface Request {
  readonly operation: VaultUnavailable["operation"]
  readonly path: string
  /** With a body the request is a POST, without one a GET. */
  readonly body?: Readonly<Record<string, string>>
  readonly token?: Redacted.Redacted
}

interface Call<A, I> extends Request {
  readonly answer: Schema.Schema<A, I>
}

export interface VaultClient {
  readonly send: <A, I>(call: Call<A, I>) => Effect.Effect<A, VaultStatus | VaultUnavailable>
}

/** node-vault's error for a response. */
const statusOf = Schema.decodeUnknownOption(
  Schema.Struct({ response: Schema.Struct({ statusCode: Schema.Number, body: Schema.Unknown }) })
)
const isVaults = Schema.is(Schema.Struct({ errors: Schema.Array(Schema.String) }))

/** A node-vault client that ignores the environment (VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, ...). */
const openClient = ({ namespace, url }: VaultAddress, send: OutboundHttp, runtime: Runtime.Runtime<never>) =>
  Object.assign(
    nodeVault({
      endpoint: url,
      "request-promise": directTransport(send, runtime),
      // The default prints secrets if DEBUG=node-vault is set.
      debug: () => undefined
    }),
    { token: "", pathPrefix: "", namespace: Option.getOrElse(namespace, () => "") }
  )

const failureOf =
  (operation: VaultUnavailable["operation"]) =>
  (error: unknown): VaultStatus | VaultUnavailable => {
    if (error instanceof OutboundUnavailable || error instanceof OutboundRefused) return noAnswer(operation)(error)
    return Option.match(statusOf(error), {
      onNone: () => unexpectedAnswer(operation),
      onSome: ({ response }) => new VaultStatus({ status: response.statusCode, fromVault: isVaults(response.body) })
    })
  }

/**
 * A client for one Vault or OpenBao. Each request carries its token, so that several tokens can be in use during a replacement.
 */
export const vaultClient = (address: VaultAddress): Effect.Effect<VaultClient, never, Scope.Scope> =>
  Effect.gen(function* () {
    const send = yield* openOutbound({
      bounds: hashicorpVault,
      certificateAuthorities: Option.getOrUndefined(address.ca)
    })
    const client = openClient(address, send, yield* Effect.runtime<never>())

    const exchange = ({ body, operation, path, token }: Request) =>
      Effect.tryPromise({
        try: (signal): Promise<unknown> => {
          const options = {
            signal,
            headers: token === undefined ? {} : { "X-Vault-Token": Redacted.value(token) }
          }
          return body === undefined ? client.read(path, options) : client.write(path, body, options)
        },
        catch: failureOf(operation)
      })

    return {
      send: (call) =>
        Effect.flatMap(exchange(call), (answer) =>
          Effect.mapError(Schema.decodeUnknown(call.answer)(answer), () => unexpectedAnswer(call.operation))
        )
    }
  })
