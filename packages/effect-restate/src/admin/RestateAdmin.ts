import { Context, Layer } from "effect"
import type { HttpOptions } from "../http/exchange.ts"
import type { AdminClient } from "./AdminClient.ts"
import { makeAdmin } from "./makeAdmin.ts"

/** The admin API of a Restate server or cloud environment. */
export class RestateAdmin extends Context.Tag("restate/Admin")<RestateAdmin, AdminClient>() {
  /** A client of its own, for programs without this service. */
  static readonly make = (options: HttpOptions): AdminClient => makeAdmin(options)

  /** A client of the admin API at this address, over `fetch`. An answer may have 16 MiB unless the options say otherwise. */
  static readonly layer = (options: HttpOptions): Layer.Layer<RestateAdmin> =>
    Layer.sync(RestateAdmin, () => makeAdmin(options))
}
