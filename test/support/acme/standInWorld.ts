import { Effect, Layer } from "effect"
import { StandInCa, standInCa } from "../../../dev/simulators/StandInCa.ts"
import { AcmeClientLive, type AcmeClientOptions } from "../../../src/layers/acme/AcmeClientLive.ts"
import { PkiLive } from "../../../src/layers/PkiLive.ts"

/** A client of the scripted CA. */
export const standInClient = (options: Partial<AcmeClientOptions> = {}) =>
  Layer.unwrapEffect(
    Effect.map(StandInCa, ({ directoryUrl, tlsRoot }) =>
      AcmeClientLive({ directoryUrl, contactEmail: "acme@stand-in.test", certificateAuthorities: tlsRoot, ...options })
    )
  )

/** A scripted CA, a client, and keys. */
export const standInWorld = Layer.mergeAll(standInClient(), PkiLive).pipe(Layer.provideMerge(standInCa()))

/** Operations that the scripted CA received, in order. */
export const asked = Effect.flatMap(StandInCa, (authority) => authority.received).pipe(
  Effect.map((requests) => requests.map(({ operation }) => operation))
)
