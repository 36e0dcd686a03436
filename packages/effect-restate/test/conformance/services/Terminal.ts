import { Schema } from "effect"
import { publicMetadata } from "../../../src/contract/publicMetadata.ts"
import type { AwaitRejected, CallFailed } from "../../../src/operations/DurableError.ts"

const Metadata = Schema.Record({ key: Schema.String, value: Schema.String })

/** What the suite calls a terminal error: a message, and metadata that every caller sees. Its status is 500. */
export class Terminal extends Schema.TaggedError<Terminal>()(
  "Terminal",
  { reason: Schema.String, metadata: Schema.optional(Metadata) },
  publicMetadata(({ metadata = {} }: { readonly metadata?: typeof Metadata.Type | undefined }) => metadata)
) {
  override get message(): string {
    return this.reason
  }
}

/** The failure of another handler, or of what was awaited, as one's own. */
export const asTerminal = (failure: CallFailed | AwaitRejected): Terminal =>
  new Terminal({
    reason: failure.reason,
    ...("metadata" in failure && failure.metadata !== undefined ? { metadata: failure.metadata } : {})
  })
