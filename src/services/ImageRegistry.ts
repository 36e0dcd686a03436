import { Context, type Effect, Schema } from "effect"

/** The registry of images did not do its part. Carries none of the credentials. */
export class RegistryUnavailable extends Schema.TaggedError<RegistryUnavailable>()("RegistryUnavailable", {
  reason: Schema.Literal("unreachable", "timeout", "denied", "unavailable", "unexpected-answer"),
  status: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return `registry: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/** The registry that built images are pushed to. */
export class ImageRegistry extends Context.Tag("ctrl-worker/ImageRegistry")<
  ImageRegistry,
  {
    /** Succeeds while the registry answers and takes our credentials; whether they may push shows with the first push. */
    readonly check: Effect.Effect<void, RegistryUnavailable>
  }
>() {}
