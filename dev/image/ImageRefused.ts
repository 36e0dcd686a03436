import { Schema } from "effect"

/** An image was built, and is not what it has to be. */
export class ImageRefused extends Schema.TaggedError<ImageRefused>()("ImageRefused", {
  problems: Schema.NonEmptyArray(Schema.String)
}) {
  override get message() {
    return ["The image is not as promised:", ...this.problems.map((it) => `  - ${it}`)].join("\n")
  }
}
