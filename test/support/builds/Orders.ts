import { Schema } from "effect"

/** The JSON argument of `buildingProcess.ts`. */
export const Orders = Schema.parseJson(
  Schema.Struct({
    address: Schema.String,
    gitUrl: Schema.String,
    commitSha: Schema.String,
    token: Schema.String,
    registry: Schema.Struct({ url: Schema.String, username: Schema.String, password: Schema.String })
  })
)
