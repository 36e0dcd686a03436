import { Data, Effect, Option, Redacted, type Runtime, Schema, type Scope } from "effect"
import nodeVault from "node-vault"
import type { VaultUnavailable } from "../../../services/Vault.ts"
import { hashicorpVault } from "../../outbound/bounds.ts"
import { OutboundRefused, OutboundUnavailable } from "../../outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "../../outbound/OutboundHttp.ts"
import { noAnswer, unexpectedAnswer } from "../answers.ts"
import { directTransport } from "./transport.ts"

/**
 * Not an answer of success. Its message is left behind: it may quote what was sent. `fromVault` tells Vault's own from
 * that of a proxy on the way.
 */
export class VaultStatus extends Data.TaggedError("VaultStatus")<{
  readonly status: number
  readonly fromVault: boolean
}> {}

export interface VaultAddress {
  readonly url: string
  readonly namespace: Option.Option<string>
  /** Certificates to trust instead of the system's, in PEM. */
  readonly ca: Option.Option<string>
}

interface Request {
  readonly operation: VaultUnavailable["operation"]
  readonly path: string
  /** Posted when there is one; without it the path is read. */
  readonly body?: Readonly<Record<string, string>>
  readonly token?: Redacted.Redacted
}

interface Call<A, I> extends Request {
  readonly answer: Schema.Schema<A, I>
}

export interface VaultClient {
  readonly send: <A, I>(call: Call<A, I>) => Effect.Effect<A, VaultStatus | VaultUnavailable>
}

/** What node-vault fails with when there was an answer. */
const statusOf = Schema.decodeUnknownOption(
  Schema.Struct({ response: Schema.Struct({ statusCode: Schema.Number, body: Schema.Unknown }) })
)
const isVaults = Schema.is(Schema.Struct({ errors: Schema.Array(Schema.String) }))

/** One node-vault client that takes nothing from the environment (VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE, ...). */
const openClient = ({ namespace, url }: VaultAddress, send: OutboundHttp, runtime: Runtime.Runtime<never>) =>
  Object.assign(
    nodeVault({
      endpoint: url,
      "request-promise": directTransport(send, runtime),
      // Its own prints secrets when DEBUG=node-vault is set.
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

/** Speaks to one Vault or OpenBao. The token goes with each request, so that several may be in use while one replaces another. */
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
