import { Duration, Effect, Schema } from "effect"
import type { Reply } from "./IngressClient.ts"

/** A check of the demo failed. */
export class StoryFailed extends Schema.TaggedError<StoryFailed>()("StoryFailed", {
  action: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.action}: ${this.problem}`
  }
}

export const failStory = (action: string, problem: string) => Effect.fail(new StoryFailed({ action, problem }))

/** Fails the demo unless the condition holds. */
export const expect = (action: string, isSo: boolean, problem: string): Effect.Effect<void, StoryFailed> =>
  isSo ? Effect.void : failStory(action, problem)

/** Fails the demo unless the reply has this status. */
export const expectStatus = (action: string, { message, status }: Reply, wanted: number) =>
  expect(action, status === wanted, `answered ${status} ${message}`)

/** Decodes the body of a successful response, or fails the demo. */
export const expectBody = <A, I>(action: string, reply: Reply, body: Schema.Schema<A, I>) =>
  Effect.zipRight(
    expectStatus(action, reply, 200),
    Effect.orElse(Schema.decode(Schema.parseJson(body))(reply.text), () => failStory(action, `answered ${reply.text}`))
  )

/** On a loaded machine a certificate takes a quarter of it. */
const bound = Duration.minutes(1)

/** Polls ten times a second until the value is present, and returns it. */
export const until = <A, E, R>(
  what: string,
  look: Effect.Effect<A, E, R>,
  isWanted: (seen: A) => boolean
): Effect.Effect<A, E | StoryFailed, R> =>
  Effect.gen(function* () {
    for (;;) {
      const seen = yield* look
      if (isWanted(seen)) return seen
      yield* Effect.sleep("100 millis")
    }
  }).pipe(
    Effect.timeoutFail({
      duration: bound,
      onTimeout: () => new StoryFailed({ action: what, problem: `not seen within ${Duration.format(bound)}` })
    })
  )
