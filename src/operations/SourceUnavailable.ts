import { Context, Duration, Effect, Either, Schema } from "effect"

/** Where facts for operators are read from. */
export const Source = Schema.Literal("database", "restate", "clickhouse")
export type Source = typeof Source.Type

/** A source of facts that is not configured or does not answer. `reason` holds no secret. */
export class SourceUnavailable extends Schema.TaggedError<SourceUnavailable>()("SourceUnavailable", {
  source: Source,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.source}: ${this.reason}`
  }
}

/** A source that a report had to do without. */
export const MissingSource = Schema.Struct({ source: Source, reason: Schema.String })
export type MissingSource = typeof MissingSource.Type

/** An operator waits for the answer. A source that needs longer counts as unavailable. */
export class SourceTimeout extends Context.Reference<SourceTimeout>()("ctrl-worker/SourceTimeout", {
  defaultValue: () => Duration.seconds(10)
}) {}

/** The answer of a source, or why there is none. */
export const attempted = <A, R>(
  source: Source,
  read: Effect.Effect<A, SourceUnavailable, R>
): Effect.Effect<Either.Either<A, SourceUnavailable>, never, R> =>
  Effect.flatMap(SourceTimeout, (timeout) =>
    read.pipe(
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () => new SourceUnavailable({ source, reason: `no answer within ${Duration.format(timeout)}` })
      }),
      Effect.either
    )
  )

/** One reason for each source. */
export const oncePerSource = (missing: ReadonlyArray<MissingSource>): ReadonlyArray<MissingSource> =>
  missing.filter(({ source }, index) => missing.findIndex((other) => other.source === source) === index)

/** What is missing of several answers. */
export const missingOf = (
  answers: ReadonlyArray<Either.Either<unknown, SourceUnavailable>>
): ReadonlyArray<MissingSource> =>
  oncePerSource(
    answers.flatMap((answer) =>
      Either.isLeft(answer) ? [{ source: answer.left.source, reason: answer.left.reason }] : []
    )
  )
