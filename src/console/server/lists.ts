import { HttpRouter } from "@effect/platform"
import { Effect, Schema } from "effect"
import { CertificateList, challengeStatuses } from "../../operations/lists/CertificateList.ts"
import { DeploymentList, deploymentStatuses } from "../../operations/lists/DeploymentList.ts"
import { DomainList, verificationStatuses } from "../../operations/lists/DomainList.ts"
import { DeploymentsAnswer } from "../api/deployments.ts"
import { CertificatesAnswer, DomainsAnswer } from "../api/domains.ts"
import { pageAnswer } from "./pageAnswer.ts"
import { pageParameters, queryOf, Text } from "./parameters.ts"

const DeploymentsQuery = Schema.Struct({
  ...pageParameters,
  status: Schema.optional(Schema.Literal(...deploymentStatuses)),
  project: Schema.optional(Text)
})
const DomainsQuery = Schema.Struct({
  ...pageParameters,
  status: Schema.optional(Schema.Literal(...verificationStatuses)),
  project: Schema.optional(Text)
})
const CertificatesQuery = Schema.Struct({
  ...pageParameters,
  status: Schema.optional(Schema.Literal(...challengeStatuses))
})

const deploymentsAnswer = pageAnswer("database", DeploymentsAnswer)
const domainsAnswer = pageAnswer("database", DomainsAnswer)
const certificatesAnswer = pageAnswer("database", CertificatesAnswer)

const deployments = Effect.gen(function* () {
  const { after, limit, ...filter } = yield* queryOf(DeploymentsQuery)
  const list = yield* DeploymentList
  return yield* deploymentsAnswer(list.page(filter, { after, limit }))
})

const domains = Effect.gen(function* () {
  const { after, limit, ...filter } = yield* queryOf(DomainsQuery)
  const list = yield* DomainList
  return yield* domainsAnswer(list.page(filter, { after, limit }))
})

const certificates = Effect.gen(function* () {
  const { after, limit, ...filter } = yield* queryOf(CertificatesQuery)
  const list = yield* CertificateList
  return yield* certificatesAnswer(list.page(filter, { after, limit }))
})

/** The lists that the database has, newest first. */
export const listRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/api/deployments", deployments),
  HttpRouter.get("/api/domains", domains),
  HttpRouter.get("/api/certificates", certificates)
)
