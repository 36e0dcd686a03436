import { Context, type Effect, Schema } from "effect"

/** The image registry is unavailable. Carries no credentials. */
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
    /** Succeeds if the registry accepts the credentials. The first push shows whether they may push. */
    readonly check: Effect.Effect<void, RegistryUnavailable>
  }
>() {}
