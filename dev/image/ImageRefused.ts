import { Schema } from "effect"

/** A built image violates a requirement. */
export class ImageRefused extends Schema.TaggedError<ImageRefused>()("ImageRefused", {
  problems: Schema.NonEmptyArray(Schema.String)
}) {
  override get message() {
    return ["The image is not as promised:", ...this.problems.map((it) => `  - ${it}`)].join("\n")
  }
}
