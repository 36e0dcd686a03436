import { Schema } from "effect"

/** A service as one deployment serves it. Each registration of a changed service is a revision of it. */
export const ServiceRevision = Schema.Struct({ name: Schema.String, revision: Schema.Number })

/** An endpoint that Restate knows. */
export const Deployment = Schema.Struct({
  id: Schema.String,
  /** Of an HTTP endpoint. */
  uri: Schema.optional(Schema.String),
  /** Of a Lambda function. */
  arn: Schema.optional(Schema.String),
  created_at: Schema.Date,
  services: Schema.Array(ServiceRevision)
}).pipe(Schema.rename({ created_at: "createdAt" }))
export type Deployment = Schema.Schema.Type<typeof Deployment>

/** What a registration answers with. */
export const RegisteredDeployment = Schema.Struct({ id: Schema.String, services: Schema.Array(ServiceRevision) })
export interface RegisteredDeployment extends Schema.Schema.Type<typeof RegisteredDeployment> {}
