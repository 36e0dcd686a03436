import { Schema } from "effect"

/** What the worker of `buildingProcess.ts` builds with: its one argument, in JSON. */
export const Orders = Schema.parseJson(
  Schema.Struct({
    address: Schema.String,
    gitUrl: Schema.String,
    commitSha: Schema.String,
    token: Schema.String,
    registry: Schema.Struct({ url: Schema.String, username: Schema.String, password: Schema.String })
  })
)
