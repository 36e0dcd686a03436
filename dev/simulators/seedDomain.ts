import { randomBytes, randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, Effect } from "effect"
import { dnsLabel, resourceId } from "../../src/workflows/identifiers.ts"
import type { SeededProject } from "./seed.ts"

export interface SeededDomain {
  readonly id: string
  readonly name: string
  /** The TXT value that its owner publishes at `_unkey.<name>`. */
  readonly ownershipRecord: string
  /** The required target of its CNAME. */
  readonly target: string
}

/** A custom domain of production, as the control API adds it before it calls VerifyDomain: pending. */
export const seedCustomDomain = Effect.fnUntraced(function* (project: SeededProject, name: string, targets: string) {
  const sql = yield* SqlClient
  const id = resourceId("dom", randomUUID())
  const token = randomBytes(12).toString("hex")
  const domain: SeededDomain = {
    id,
    name,
    ownershipRecord: `unkey-domain-verify=${token}`,
    target: `${dnsLabel([id])}.${targets}`
  }
  yield* sql`INSERT INTO custom_domains ${sql.insert({
    id,
    workspace_id: project.workspaceId,
    project_id: project.id,
    environment_id: project.production.id,
    domain: name,
    challenge_type: "HTTP-01",
    verification_token: token,
    target_cname: domain.target,
    created_at: yield* Clock.currentTimeMillis
  })}`
  return domain
})

/** The control API stores the invocation id, to cancel it when the domain is deleted. */
export const keepInvocation = (domain: SeededDomain, invocationId: string) =>
  Effect.flatMap(
    SqlClient,
    (sql) => sql`
    UPDATE custom_domains SET invocation_id = ${invocationId} WHERE id = ${domain.id}`
  )
