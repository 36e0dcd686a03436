import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Either, Layer, Order, Schema } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import { otherSpellingProblem, sameNameProblem } from "../../names/storedDomains.ts"
import { ChallengeStatus } from "../../services/certificate/CertificateStore.ts"
import {
  ActivatedDomain,
  type ActivationPlan,
  type ActivationRequest,
  type ActivationSnapshot,
  ChallengeType,
  CustomDomain,
  DomainEnvironment,
  DomainProject,
  DomainRoute,
  DomainStore
} from "../../services/customDomain/DomainStore.ts"
import { domainChanges, planBegin, planVerified } from "../../services/customDomain/domainChanges.ts"
import type { RoutedDeployment } from "../../services/deploy/RouteStore.ts"
import { changeDomain, refuseDomain, transactDomain } from "./changeDomain.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { namedDomains, storedAs } from "./namedDomains.ts"
import { routedDeploymentColumns, routedDeploymentRows } from "./routedDeployments.ts"
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const customDomain = decodeFirst(CustomDomain)
const activatedDomain = decodeFirst(
  Schema.Struct({ ...ActivatedDomain.omit("fqdn").fields, stored: Schema.String, challengeType: ChallengeType })
)
const domainProject = decodeFirst(DomainProject)
const domainEnvironment = decodeFirst(DomainEnvironment)
const domainRoute = decodeFirst(DomainRoute)
const domainChallenge = decodeFirst(Schema.Struct({ status: ChallengeStatus }))
const idRows = decodeRows(Schema.Struct({ id: Schema.String }))

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
  const project = yield* domainProject(sql`
    SELECT workspace_id, live_deployment_id FROM projects WHERE id = ${domain.projectId} FOR UPDATE`)
  const environment = yield* domainEnvironment(sql`
    SELECT project_id, slug FROM environments WHERE id = ${domain.environmentId}`)
  const deployments = yield* lockDeployments(sql, domain, project?.liveDeploymentId ?? null)
  const route = yield* domainRoute(sql`
    SELECT project_id, environment_id, sticky,
           (SELECT d.environment_id FROM deployments d WHERE d.id = deployment_id) AS deployment_environment_id
    FROM frontline_routes WHERE fully_qualified_domain_name = ${domain.fqdn} FOR UPDATE`)
  const challenge = yield* domainChallenge(sql`
    SELECT status FROM acme_challenges WHERE domain_id = ${domainId} FOR UPDATE`)
  const { challengeType: _, ...names } = domain
  const snapshot: ActivationSnapshot = {
    domain: names,
    refusal,
    project,
    environment,
    deployments,
    route,
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
        INSERT INTO frontline_routes ${sql.insert({
          id: routeId,
          projectId,
          deploymentId,
          environmentId,
          fullyQualifiedDomainName: fqdn,
          sticky,
          createdAt: at,
          updatedAt: at
        })}`
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
        INSERT INTO acme_challenges ${sql.insert({
          domainId,
          workspaceId,
          token: "",
          challengeType,
          authorization: "",
          status: "waiting",
          expiresAt: challengeExpiresAt,
          createdAt: at,
          updatedAt: at
        })}`
    : sql`
        UPDATE acme_challenges SET status = 'waiting', expires_at = ${challengeExpiresAt}, updated_at = ${at}
        WHERE domain_id = ${domainId} AND status = 'failed'`

type BeginRequest = Parameters<DomainStore["Type"]["beginVerification"]>[0]
type SpellingRequest = Parameters<DomainStore["Type"]["resolveSpelling"]>[0]
type RejectRequest = Parameters<DomainStore["Type"]["reject"]>[0]

const markVerifying = Effect.fnUntraced(function* (sql: SqlClient, { at, domain, reset }: BeginRequest) {
  const [row, ...others] = yield* namedDomains(sql, domain, true)
  if (row === undefined) return null
  for (const other of others) yield* refuseDomain(sql, other.id, sameNameProblem(row), at)
  yield* changeDomain(sql, { domainId: row.id, at }, planBegin(reset))
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

const activateDomain = Effect.fnUntraced(function* <A>(
  sql: SqlClient,
  request: ActivationRequest,
  decide: (snapshot: ActivationSnapshot) => ActivationPlan<A>
) {
  const row = yield* activatedDomain(sql`
    SELECT domain AS ${sql("stored")}, workspace_id, project_id, environment_id, challenge_type
    FROM custom_domains WHERE id = ${request.domainId} FOR UPDATE`)
  if (row === null) return null
  const { stored, ...columns } = row
  const fqdn = Either.getOrNull(domainName(stored))
  if (fqdn === null) return null
  const domain = { ...columns, fqdn }
  const plan = decide(yield* readSnapshot(sql, request.domainId, domain))
  if (plan.route !== null) yield* writeRoute(sql, request, domain, plan.route)
  if (plan.challenge !== null) yield* writeChallenge(sql, request, domain, plan.challenge)
  if (plan.isVerified) yield* changeDomain(sql, request, planVerified(request))
  return plan.answer
})

const findDomain = Effect.fnUntraced(function* (sql: SqlClient, domain: DomainName) {
  const [owner] = yield* namedDomains(sql, domain, false)
  if (owner === undefined) return null
  return yield* customDomain(sql`
    SELECT id, verification_status AS status, verification_token, target_cname
    FROM custom_domains WHERE id = ${owner.id}`)
})

export const DomainStoreLive: Layer.Layer<DomainStore, never, MysqlPools> = Layer.effect(
  DomainStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const methods = storeMethods("DomainStore", primary)
    const { query, replanned, transaction } = methods
    return DomainStore.of({
      ...domainChanges(transactDomain(sql, methods)),
      find: query("find", (domain: DomainName) => findDomain(sql, domain)),
      beginVerification: transaction("beginVerification", (run: BeginRequest) => markVerifying(sql, run)),
      resolveSpelling: transaction("resolveSpelling", (spelling: SpellingRequest) => resolveStored(sql, spelling)),
      reject: transaction("reject", (refusal: RejectRequest) => rejectStored(sql, refusal)),
      activate: replanned(
        "activate",
        <A>(request: ActivationRequest, decide: (snapshot: ActivationSnapshot) => ActivationPlan<A>) =>
          activateDomain(sql, request, decide)
      )
    })
  })
)
