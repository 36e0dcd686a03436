import type { MethodDefinition } from "@grpc/grpc-js"
import { fromJSON } from "@grpc/proto-loader"

/** A field of a message: its type, its number on the wire, and whether it is repeated or a map. */
type Field = { readonly type: string; readonly id: number; readonly rule?: "repeated"; readonly keyType?: "string" }

export const field = (type: string, id: number): Field => ({ type, id })
export const repeated = (type: string, id: number): Field => ({ type, id, rule: "repeated" })
export const map = (id: number): Field => ({ keyType: "string", type: "string", id })
export const message = (fields: Readonly<Record<string, Field>>) => ({ fields })
export const method = (
  requestType: string,
  responseType: string,
  stream: { request?: true; response?: true } = {}
) => ({
  requestType,
  responseType,
  ...(stream.request === true ? { requestStream: true } : {}),
  ...(stream.response === true ? { responseStream: true } : {})
})

const nested = (path: string, content: object): object =>
  path.split(".").reduceRight<object>((inner, name) => ({ nested: { [name]: inner } }), { nested: content })

const options = { keepCase: true, longs: Number, bytes: Buffer, defaults: true } as const

// biome-ignore lint/suspicious/noExplicitAny: gRPC's own type of an untyped method
type Methods<M extends string> = { readonly [Name in M]: MethodDefinition<any, any> }

/** A service by its full name, with the codecs of its messages. */
export const service = <C extends object, N extends keyof C & string>(
  path: string,
  content: C & Record<N, { readonly methods: object }>,
  name: N
): Methods<keyof C[N]["methods" & keyof C[N]] & string> =>
  // proto-loader makes a service of each entry with methods, under its full name and with the same method names.
  fromJSON(nested(path, content), options)[`${path}.${name}`] as never
