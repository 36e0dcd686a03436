import { HttpApiSchema } from "@effect/platform"
import { Schema } from "effect"
import { Contract } from "effect-restate"
import { message } from "../../src/contract/protojson.ts"
import { bool, int32, text } from "../../src/contract/scalars.ts"

/** Refuse (400): repeating the request unchanged cannot help. */
export class WindowRefused extends Schema.TaggedError<WindowRefused>()(
  "WindowRefused",
  { reason: Schema.Literal("no_time", "too_long") },
  HttpApiSchema.annotations({ status: 400 })
) {
  override get message(): string {
    return this.reason === "no_time" ? "a window lasts at least a minute" : "a window lasts at most eight hours"
  }
}

/** Refuse (409): the status page already shows another notice of this project. */
export class NoticeStands extends Schema.TaggedError<NoticeStands>()(
  "NoticeStands",
  { projectId: Schema.String },
  HttpApiSchema.annotations({ status: 409 })
) {
  override get message(): string {
    return `project ${this.projectId} has a notice already`
  }
}

/** Announces maintenance on a project's status page. The key is the project id. */
export const MaintenanceService = Contract.object("example.v1.MaintenanceService", {
  /**
   * Shows the notice for as long as the window lasts, then takes it away and tells the subscribers; answers whether they
   * could be told. Cancelled meanwhile, it takes the notice away at once. Shared: it waits for hours, and what waits must
   * not hold the project's key.
   */
  Announce: {
    input: message("example.v1.AnnounceRequest", { minutes: int32, text: text(200) }),
    output: message("example.v1.AnnounceResponse", { subscribersTold: bool }),
    error: Schema.Union(WindowRefused, NoticeStands),
    mode: "shared"
  }
})
