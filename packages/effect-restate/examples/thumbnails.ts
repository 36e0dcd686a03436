import { Context, Effect, Schema } from "effect"
import { Contract, implement, step } from "effect-restate"

/** Makes an image smaller and answers with where the small one is. */
export class Images extends Context.Tag("example/Images")<
  Images,
  { readonly shrink: (url: string) => Effect.Effect<string> }
>() {}

export const Albums = Contract.object("Albums", {
  Publish: {
    input: Schema.Array(Schema.String).pipe(Schema.maxItems(500)),
    output: Schema.Struct({ small: Schema.Array(Schema.String), skipped: Schema.Array(Schema.String) })
  }
})

/** Gives up on an image after a minute. */
const shrunk = (url: string) =>
  Effect.gen(function* () {
    const images = yield* Images
    return yield* step(`shrink ${url}`, images.shrink(url), {
      output: Schema.String,
      retry: { maxDuration: "1 minute" }
    })
  })

export const AlbumsLive = implement(Albums, {
  // 8 at a time. The steps are named by what they do, so that their names do not depend on the order in which they begin.
  Publish: (urls) =>
    Effect.map(
      Effect.partition(urls, (url) => Effect.mapError(shrunk(url), () => url), { concurrency: 8 }),
      ([skipped, small]) => ({ small, skipped })
    )
})
