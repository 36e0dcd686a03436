import { Context, Layer } from "effect"
import type { IngressClient, IngressOptions } from "./IngressClient.ts"
import { makeIngress } from "./makeIngress.ts"

/** The ingress of a Restate server or cloud environment. */
export class Ingress extends Context.Tag("restate/Ingress")<Ingress, IngressClient>() {
  /** A client of its own, for programs without this service. */
  static readonly make = (options: IngressOptions): IngressClient => makeIngress(options)

  /** A client of the ingress at this address, over `fetch`. */
  static readonly layer = (options: IngressOptions): Layer.Layer<Ingress> =>
    Layer.sync(Ingress, () => makeIngress(options))
}
