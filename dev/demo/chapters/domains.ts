import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import type { SeededProject } from "../../simulators/seed.ts"
import { keepInvocation, type SeededDomain, seedCustomDomain } from "../../simulators/seedDomain.ts"
import type { CertificationParts } from "../../stack/Certification.ts"
import { cnameDomain } from "../../stack/WorkerProcess.ts"
import { IngressClient } from "../IngressClient.ts"
import { asExpected, good, say, show } from "../narration.ts"
import { expect, until } from "../StoryFailed.ts"

const name = "shop.customer.test"
/** A documentation address (RFC 5737): the domain's previous target. */
const formerAddress = "192.0.2.10"

interface Row {
  readonly status: string
  readonly attempts: number
  readonly problem: string | null
}

const domainRow = (domain: SeededDomain) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [row] = yield* sql<Row>`
      SELECT verification_status AS status, check_attempts AS attempts, verification_error AS problem
      FROM custom_domains WHERE id = ${domain.id}`
    return row
  })

const routeOf = (domain: SeededDomain) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [route] = yield* sql<{ readonly deployment: string; readonly sticky: string }>`
      SELECT deployment_id AS deployment, sticky FROM frontline_routes
      WHERE fully_qualified_domain_name = ${domain.name}`
    return route
  })

const verify = (domain: SeededDomain, handler: "RetryVerification" | "VerifyDomain") =>
  Effect.gen(function* () {
    const client = yield* IngressClient
    yield* keepInvocation(domain, yield* client.send({ service: CustomDomainService, key: domain.name, handler }))
  })

/** A domain is told which records are missing; once they exist, it becomes verified and has a route. */
export const addDomain = Effect.fnUntraced(function* (project: SeededProject, { dns }: CertificationParts) {
  yield* say(`Add the custom domain ${name}, which still leads to ${formerAddress}`, "checking DNS")
  yield* dns.addA(name, [formerAddress])
  const domain = yield* seedCustomDomain(project, name, cnameDomain)
  yield* verify(domain, "VerifyDomain")
  const refused = yield* until("first check", domainRow(domain), (row) => (row?.attempts ?? 0) > 0)
  yield* expect("first check", refused?.status === "verifying", `the domain is ${refused?.status}`)
  yield* asExpected(`status ${refused?.status}, because ${refused?.problem}`)

  yield* say("Its owner publishes the two records, and asks again", "checking DNS")
  yield* show(`_unkey.${name}  TXT    ${domain.ownershipRecord}`)
  yield* show(`${name}  CNAME  ${domain.target}`)
  yield* dns.addTxt(`_unkey.${name}`, domain.ownershipRecord)
  yield* dns.clearA(name)
  yield* dns.setCname(name, domain.target)
  yield* verify(domain, "RetryVerification")
  yield* until("verification", domainRow(domain), (row) => row?.status === "verified")
  const route = yield* routeOf(domain)
  yield* expect("verification", route !== undefined, "the domain has no route")
  yield* good(`verified; its route follows ${route?.sticky} and leads to ${route?.deployment}`)
  return domain
})
