import { Effect, Schema } from "effect"

/** Type stripping and the reading of TLS certificates need this version. */
const required = 24

export class UnsupportedNode extends Schema.TaggedError<UnsupportedNode>()("UnsupportedNode", {
  version: Schema.String
}) {
  override get message(): string {
    return `Node.js ${required} or later is needed; this is ${this.version}`
  }
}

/** Checked first: failures on an older version do not mention the version. */
export const requireNode = (version: string): Effect.Effect<void, UnsupportedNode> =>
  Number.parseInt(version, 10) >= required ? Effect.void : Effect.fail(new UnsupportedNode({ version }))
