import { Effect, Schema } from "effect"

/** Types are stripped and TLS certificates are read by features of this version. */
const required = 24

export class UnsupportedNode extends Schema.TaggedError<UnsupportedNode>()("UnsupportedNode", {
  version: Schema.String
}) {
  override get message(): string {
    return `Node.js ${required} or later is needed; this is ${this.version}`
  }
}

/** Said before anything else: what fails on an older version fails with messages that name no version. */
export const requireNode = (version: string): Effect.Effect<void, UnsupportedNode> =>
  Number.parseInt(version, 10) >= required ? Effect.void : Effect.fail(new UnsupportedNode({ version }))
