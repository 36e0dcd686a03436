import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Albums, AlbumsLive, Images } from "./thumbnails.ts"

const urls = Array.from({ length: 10 }, (_, nth) => `${nth}.jpg`)

const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate(options)
    yield* restate.serve(AlbumsLive)
    return yield* restate.call(Albums, "summer", "Publish", urls)
  }).pipe(
    Effect.provideService(Images, {
      shrink: (url) => (url === "7.jpg" ? Effect.die(new Error("broken")) : Effect.succeed(`small/${url}`))
    })
  )

it.effect("an album is published without the image that stays broken, wherever its process is killed", () =>
  Effect.gen(function* () {
    const { skipped, small } = yield* story({})
    assert.deepStrictEqual([small.length, skipped], [9, ["7.jpg"]])
    yield* crashMatrix(story)
  })
)
