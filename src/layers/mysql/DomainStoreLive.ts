import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Either, Layer, Order, Schema } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import { otherSpellingProblem, sameNameProblem } from "../../names/storedDomains.ts"
import { ChallengeStatus } from "../../services/certificate/CertificateStore.ts"
import {
  type ActivationPlan,
  type ActivationRequest,
  type ActivationSnapshot,
  ChallengeType,
  DomainStore,
  type VerificationAttempt,
  VerificationStatus
} from "../../services/customDomain/DomainStore.ts"
import { type RoutedDeployment, Sticky } from "../../services/deploy/RouteStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { namedDomains, refuseDomain, storedAs } from "./namedDomains.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"
import { routedDeploymentColumns, routedDeploymentRows } from "./routedDeployments.ts"
import { decodeRows } from "./rows.ts"

const foundRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    status: VerificationStatus,
    verificationToken: Schema.String,
    targetCname: Schema.String
  })
)
const domainRows = decodeRows(
  Schema.Struct({
    stored: Schema.String,
    workspaceId: Schema.String,
    projectId: Schema.String,
    environmentId: Schema.String,
    challengeType: ChallengeType
  })
)
const projectRows = decodeRows(
  Schema.Struct({ workspaceId: Schema.String, liveDeploymentId: Schema.NullOr(Schema.String) })
)
const environmentRows = decodeRows(Schema.Struct({ projectId: Schema.String, slug: Schema.String }))
const idRows = decodeRows(Schema.Struct({ id: Schema.String }))
const routeRows = decodeRows(
  Schema.Struct({
    projectId: Schema.String,
    environmentId: Schema.String,
    sticky: Sticky,
    deploymentEnvironmentId: Schema.NullOr(Schema.String)
  })
)
const challengeRows = decodeRows(Schema.Struct({ status: ChallengeStatus }))

type DomainRow = ActivationSnapshot["domain"] & { readonly challengeType: typeof ChallengeType.Type }

const refusalOf = (sql: SqlClient, domainId: string, domain: DomainName) =>
  Effect.map(namedDomains(sql, domain, true), ([owner]) => {
    if (owner === undefined) return otherSpellingProblem(domain)
    return owner.id === domainId ? null : sameNameProblem(owner)
  })

/** Enough that one is still ready and running once they are locked. */
const candidates = 5

const newestFirst = Order.reverse(
  Order.combine(
    Order.mapInput(Order.number, (deployment: RoutedDeployment) => deployment.createdAt),
    Order.mapInput(Order.number, (deployment: RoutedDeployment) => deployment.ordinal)
  )
)

/** Selected without locks, then locked by id, the lock order of all transactions, and checked again. */
const lockDeployments = Effect.fnUntraced(function* (
  sql: SqlClient,
  { environmentId, projectId }: DomainRow,
  liveId: string | null
) {
  const newest = yield* idRows(sql`
    SELECT id FROM deployments
    WHERE project_id = ${projectId} AND environment_id = ${environmentId} AND status = 'ready' AND desired_state = 'running'
    ORDER BY created_at DESC, pk DESC LIMIT ${sql.literal(String(candidates))}`)
  const ids = Arr.dedupe([...newest.map(({ id }) => id), ...(liveId === null ? [] : [liveId])]).sort()
  if (ids.length === 0) return []
  const locked = yield* routedDeploymentRows(sql`
    SELECT ${routedDeploymentColumns(sql)} FROM deployments WHERE ${sql.in("id", ids)} ORDER BY id FOR UPDATE`)
  const runs = ({ desiredState, status, ...deployment }: RoutedDeployment) =>
    deployment.environmentId === environmentId && status === "ready" && desiredState === "running"
  return Arr.sort(locked.filter(runs), newestFirst)
})

const readSnapshot = Effect.fnUntraced(function* (sql: SqlClient, domainId: string, domain: DomainRow) {
  const refusal = yield* refusalOf(sql, domainId, domain.fqdn)
  const [project] = yield* projectRows(sql`
    SELECT workspace_id AS workspaceId, live_deployment_id AS liveDeploymentId
    FROM projects WHERE id = ${domain.projectId} FOR UPDATE`)
  const [environment] = yield* environmentRows(sql`
    SELECT project_id AS projectId, slug FROM environments WHERE id = ${domain.environmentId}`)
  const deployments = yield* lockDeployments(sql, domain, project?.liveDeploymentId ?? null)
  const [route] = yield* routeRows(sql`
    SELECT project_id AS projectId, environment_id AS environmentId, sticky,
           (SELECT d.environment_id FROM deployments d WHERE d.id = deployment_id) AS deploymentEnvironmentId
    FROM frontline_routes WHERE fully_qualified_domain_name = ${domain.fqdn} FOR UPDATE`)
  const [challenge] = yield* challengeRows(sql`
    SELECT status FROM acme_challenges WHERE domain_id = ${domainId} FOR UPDATE`)
  const { challengeType: _, ...names } = domain
  const snapshot: ActivationSnapshot = {
    domain: names,
    refusal,
    project: project ?? null,
    environment: environment ?? null,
    deployments,
    route: route ?? null,
    challenge: challenge?.status ?? null
  }
  return snapshot
})

const writeRoute = (
  sql: SqlClient,
  { at, routeId }: ActivationRequest,
  { environmentId, fqdn, projectId }: DomainRow,
  { action, deploymentId, sticky }: NonNullable<ActivationPlan<unknown>["route"]>
) =>
  action === "insert"
    ? sql`
        INSERT INTO frontline_routes
          (id, project_id, deployment_id, environment_id, fully_qualified_domain_name, sticky, created_at,
           updated_at)
        VALUES (${routeId}, ${projectId}, ${deploymentId}, ${environmentId}, ${fqdn}, ${sticky}, ${at}, ${at})`
    : sql`
        UPDATE frontline_routes
        SET deployment_id = ${deploymentId}, environment_id = ${environmentId}, sticky = ${sticky}, updated_at = ${at}
        WHERE fully_qualified_domain_name = ${fqdn} AND project_id = ${projectId}`

const writeChallenge = (
  sql: SqlClient,
  { at, challengeExpiresAt, domainId }: ActivationRequest,
  { challengeType, workspaceId }: DomainRow,
  action: "insert" | "reopen"
) =>
  action === "insert"
    ? sql`
        INSERT INTO acme_challenges
          (domain_id, workspace_id, token, challenge_type, ${sql("authorization")}, status, expires_at, created_at,
           updated_at)
        VALUES (${domainId}, ${workspaceId}, '', ${challengeType}, '', 'waiting', ${challengeExpiresAt}, ${at}, ${at})`
    : sql`
        UPDATE acme_challenges SET status = 'waiting', expires_at = ${challengeExpiresAt}, updated_at = ${at}
        WHERE domain_id = ${domainId} AND status = 'failed'`

/** Counts the successful attempt with the status, once. */
const markVerified = (sql: SqlClient, { at, domainId }: ActivationRequest) => sql`
  UPDATE custom_domains
  SET verification_status = 'verified', verification_error = NULL, ownership_verified = 1, cname_verified = 1,
      check_attempts = check_attempts + 1, last_checked_at = ${at}, updated_at = ${at}
  WHERE id = ${domainId} AND verification_status <> 'verified'`

type BeginRequest = Parameters<DomainStore["Type"]["beginVerification"]>[0]
type EndRequest = Parameters<DomainStore["Type"]["endVerification"]>[0]

type SpellingRequest = Parameters<DomainStore["Type"]["resolveSpelling"]>[0]
type RejectRequest = Parameters<DomainStore["Type"]["reject"]>[0]

const markVerifying = Effect.fnUntraced(function* (sql: SqlClient, { at, domain, reset }: BeginRequest) {
  const [row, ...others] = yield* namedDomains(sql, domain, true)
  if (row === undefined) return null
  for (const other of others) yield* refuseDomain(sql, other.id, sameNameProblem(row), at)
  if (reset)
    yield* sql`
      UPDATE custom_domains
      SET verification_status = 'verifying', verification_error = NULL, check_attempts = 0, last_checked_at = NULL,
          invocation_id = NULL, updated_at = ${at}
      WHERE id = ${row.id}`
  else if (row.status !== "verified")
    yield* sql`
      UPDATE custom_domains SET verification_status = 'verifying', verification_error = NULL, updated_at = ${at}
      WHERE id = ${row.id}`
  return row.id
})

const resolveStored = Effect.fnUntraced(function* (sql: SqlClient, { at, domain, stored }: SpellingRequest) {
  const row = yield* storedAs(sql, stored)
  if (row === null) return null
  const problem = yield* refusalOf(sql, row.id, domain)
  if (problem !== null) yield* refuseDomain(sql, row.id, problem, at)
  return problem
})

const rejectStored = Effect.fnUntraced(function* (sql: SqlClient, { at, problem, stored }: RejectRequest) {
  const row = yield* storedAs(sql, stored)
  if (row !== null) yield* refuseDomain(sql, row.id, problem, at)
})

const writeAttempt = (sql: SqlClient, attempt: VerificationAttempt) => sql`
  UPDATE custom_domains
  SET verification_status = ${attempt.status}, verification_error = ${attempt.problem},
      ownership_verified = ${attempt.ownershipVerified ? 1 : 0}, cname_verified = ${attempt.cnameVerified ? 1 : 0},
      check_attempts = check_attempts + 1, last_checked_at = ${attempt.at}, updated_at = ${attempt.at}
  WHERE id = ${attempt.domainId} AND verification_status <> 'verified'
    AND (last_checked_at IS NULL OR last_checked_at < ${attempt.at})`

const markFailed = (sql: SqlClient, { at, domainId, problem }: EndRequest) => sql`
  UPDATE custom_domains SET verification_status = 'failed', verification_error = ${problem}, updated_at = ${at}
  WHERE id = ${domainId} AND verification_status = 'verifying'`

const activateDomain = Effect.fnUntraced(function* <A>(
  sql: SqlClient,
  request: ActivationRequest,
  decide: (snapshot: ActivationSnapshot) => ActivationPlan<A>
) {
  const [row] = yield* domainRows(sql`
    SELECT domain AS ${sql("stored")}, workspace_id AS workspaceId, project_id AS projectId, environment_id AS environmentId,
           challenge_type AS challengeType
    FROM custom_domains WHERE id = ${request.domainId} FOR UPDATE`)
  if (row === undefined) return null
  const { stored, ...columns } = row
  const fqdn = Either.getOrNull(domainName(stored))
  if (fqdn === null) return null
  const domain = { ...columns, fqdn }
  const plan = decide(yield* readSnapshot(sql, request.domainId, domain))
  if (plan.route !== null) yield* writeRoute(sql, request, domain, plan.route)
  if (plan.challenge !== null) yield* writeChallenge(sql, request, domain, plan.challenge)
  if (plan.isVerified) yield* markVerified(sql, request)
  return plan.answer
})

export const DomainStoreLive: Layer.Layer<DomainStore, never, MysqlPools> = Layer.effect(
  DomainStore,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary

    const find = Effect.fn("DomainStore.find")(function* (domain: DomainName) {
      const [owner] = yield* query("DomainStore.find", namedDomains(sql, domain, false))
      if (owner === undefined) return null
      const [row] = yield* query(
        "DomainStore.find",
        foundRows(sql`
          SELECT id, verification_status AS status, verification_token AS verificationToken, target_cname AS targetCname
          FROM custom_domains WHERE id = ${owner.id}`)
      )
      return row ?? null
    })

    const beginVerification = Effect.fn("DomainStore.beginVerification")((run: BeginRequest) =>
      transaction("DomainStore.beginVerification", markVerifying(sql, run))
    )

    const resolveSpelling = Effect.fn("DomainStore.resolveSpelling")((spelling: SpellingRequest) =>
      transaction("DomainStore.resolveSpelling", resolveStored(sql, spelling))
    )

    const reject = Effect.fn("DomainStore.reject")((refusal: RejectRequest) =>
      transaction("DomainStore.reject", rejectStored(sql, refusal))
    )

    const recordAttempt = Effect.fn("DomainStore.recordAttempt")((attempt: VerificationAttempt) =>
      transaction("DomainStore.recordAttempt", Effect.asVoid(writeAttempt(sql, attempt)))
    )

    const endVerification = Effect.fn("DomainStore.endVerification")((end: EndRequest) =>
      transaction("DomainStore.endVerification", Effect.asVoid(markFailed(sql, end)))
    )

    const activate = Effect.fn("DomainStore.activate")(
      <A>(request: ActivationRequest, decide: (snapshot: ActivationSnapshot) => ActivationPlan<A>) =>
        replanOnDuplicate(transaction("DomainStore.activate", activateDomain(sql, request, decide)))
    )

    return DomainStore.of({
      find,
      beginVerification,
      resolveSpelling,
      reject,
      recordAttempt,
      endVerification,
      activate
    })
  })
)
