import { Clock, Duration, Effect, Option, Ref, Schema } from "effect"
import type { AcmeError } from "../../services/certificate/Acme.ts"
import { okOrProblem, type Transport, unexpected } from "./AcmeTransport.ts"

/** RFC 8555 section 7.1.1 and, for the last, RFC 9773 section 4. */
const Directory = Schema.Struct({
  newNonce: Schema.String,
  newAccount: Schema.String,
  newOrder: Schema.String,
  renewalInfo: Schema.optional(Schema.String)
})
export type Directory = typeof Directory.Type

/** Directory URLs change rarely, and old ones keep working for a while. */
const lifetime = Duration.hours(1)

interface CachedDirectory {
  readonly directory: Directory
  readonly until: number
}

/** The CA's directory, fetched on first use and once an hour. Failures are not cached. */
export const cachedDirectory = (
  transport: Transport,
  url: string
): Effect.Effect<Effect.Effect<Directory, AcmeError>> =>
  Effect.map(Ref.make(Option.none<CachedDirectory>()), (kept) => {
    const ask = transport("directory", { method: "GET", url }).pipe(
      Effect.flatMap(okOrProblem("directory")),
      Effect.flatMap((answer) =>
        Effect.catchTag(Schema.decodeUnknown(Directory)(answer.data), "ParseError", () =>
          unexpected("directory", answer)
        )
      )
    )
    return Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const known = Option.filter(yield* Ref.get(kept), ({ until }) => now < until)
      if (Option.isSome(known)) return known.value.directory
      const directory = yield* ask
      yield* Ref.set(kept, Option.some({ directory, until: now + Duration.toMillis(lifetime) }))
      return directory
    })
  })
