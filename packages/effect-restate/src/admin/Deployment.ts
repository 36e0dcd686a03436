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

/** A service, with the deployment that new invocations of it go to. */
export const RegisteredService = Schema.Struct({
  ...ServiceRevision.fields,
  deployment_id: Schema.String
}).pipe(Schema.rename({ deployment_id: "deploymentId" }))
export type RegisteredService = Schema.Schema.Type<typeof RegisteredService>

/** What a registration answers with: also the handlers that Restate knows of each service. */
export const RegisteredDeployment = Schema.Struct({
  id: Schema.String,
  services: Schema.Array(
    Schema.Struct({
      ...ServiceRevision.fields,
      handlers: Schema.Array(Schema.Struct({ name: Schema.String }))
    })
  )
})
export interface RegisteredDeployment extends Schema.Schema.Type<typeof RegisteredDeployment> {}
