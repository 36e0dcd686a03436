import { Effect, Either, Ref } from "effect"
import { decodeRow } from "../../../src/layers/mysql/rows.ts"
import { type DomainName, domainName } from "../../../src/names/DomainName.ts"
import { otherSpellingProblem, sameNameProblem } from "../../../src/names/storedDomains.ts"
import {
  ActivatedDomain,
  type ActivationPlan,
  type ActivationRequest,
  type ActivationSnapshot,
  CustomDomain,
  DomainEnvironment,
  DomainProject,
  DomainRoute,
  DomainStore
} from "../../../src/services/customDomain/DomainStore.ts"
import { domainChanges, planBegin, planVerified } from "../../../src/services/customDomain/domainChanges.ts"
import type { RoutedDeployment } from "../../../src/services/deploy/RouteStore.ts"
import { changeDomain, refuseDomain, transactDomain } from "./changeDomain.ts"
import { type Draft, MemoryTables, rowAs, transaction, updateWhere } from "./MemoryTables.ts"
import { namedDomains } from "./namedDomains.ts"
import { routedDeployments } from "./routedDeployments.ts"
import type { Rows, Tables } from "./Tables.ts"

type DomainRow = Tables["custom_domains"]

/** The newest of the environment's running deployments first; later insertion breaks ties. */
const runningDeployments = (rows: Rows, environmentId: string): ReadonlyArray<RoutedDeployment> =>
  routedDeployments(
    rows,
    (row) => row.environment_id === environmentId && row.status === "ready" && row.desired_state === "running"
  ).toSorted((one, other) => other.createdAt - one.createdAt || other.ordinal - one.ordinal)

const refusalOf = (rows: Rows, domainId: string, domain: DomainName): string | null => {
  const [owner] = namedDomains(rows, domain)
  if (owner === undefined) return otherSpellingProblem(domain)
  return owner.id === domainId ? null : sameNameProblem(owner)
}

const activatedDomain = decodeRow(ActivatedDomain)
const domainProject = rowAs(DomainProject)
const domainEnvironment = rowAs(DomainEnvironment)
const domainRoute = rowAs(DomainRoute)
const customDomain = rowAs(CustomDomain)

const takeSnapshot = (rows: Rows, domain: DomainRow, fqdn: DomainName): ActivationSnapshot => {
  const route = rows.frontline_routes.find((row) => row.fully_qualified_domain_name === fqdn)
  const routed = rows.deployments.find(({ id }) => id === route?.deployment_id)
  return {
    domain: activatedDomain({ ...domain, fqdn }),
    refusal: refusalOf(rows, domain.id, fqdn),
    project: domainProject(rows.projects.find(({ id }) => id === domain.project_id)),
    environment: domainEnvironment(rows.environments.find(({ id }) => id === domain.environment_id)),
    deployments: runningDeployments(rows, domain.environment_id),
    route: domainRoute(route && { ...route, deployment_environment_id: routed?.environment_id ?? null }),
    challenge: rows.acme_challenges.find(({ domain_id }) => domain_id === domain.id)?.status ?? null
  }
}

const writeRoute = (
  draft: Draft,
  { at, routeId }: ActivationRequest,
  domain: DomainRow,
  fqdn: DomainName,
  { action, deploymentId, sticky }: NonNullable<ActivationPlan<unknown>["route"]>
) => {
  const place = { deployment_id: deploymentId, environment_id: domain.environment_id, sticky }
  if (action === "move")
    return updateWhere(
      draft.frontline_routes,
      (row) => row.fully_qualified_domain_name === fqdn && row.project_id === domain.project_id,
      { ...place, updated_at: at }
    )
  draft.frontline_routes.push({
    id: routeId,
    project_id: domain.project_id,
    fully_qualified_domain_name: fqdn,
    created_at: at,
    updated_at: at,
    ...place
  })
}

const writeChallenge = (
  draft: Draft,
  { at, challengeExpiresAt }: ActivationRequest,
  domain: DomainRow,
  action: "insert" | "reopen"
) => {
  if (action === "reopen")
    return updateWhere(draft.acme_challenges, (row) => row.domain_id === domain.id && row.status === "failed", {
      status: "waiting",
      expires_at: challengeExpiresAt,
      updated_at: at
    })
  draft.acme_challenges.push({
    domain_id: domain.id,
    workspace_id: domain.workspace_id,
    token: "",
    challenge_type: domain.challenge_type,
    authorization: "",
    status: "waiting",
    expires_at: challengeExpiresAt,
    created_at: at,
    updated_at: at
  })
}

const begin = (draft: Draft, { at, domain, reset }: Parameters<DomainStore["Type"]["beginVerification"]>[0]) => {
  const [row, ...others] = namedDomains(draft, domain)
  if (row === undefined) return null
  for (const other of others) refuseDomain(draft, other.id, sameNameProblem(row), at)
  changeDomain(draft, { domainId: row.id, at }, planBegin(reset))
  return row.id
}

const settle = (draft: Draft, { at, domain, stored }: Parameters<DomainStore["Type"]["resolveSpelling"]>[0]) => {
  const row = draft.custom_domains.find((each) => each.domain === stored)
  if (row === undefined) return null
  const problem = refusalOf(draft, row.id, domain)
  if (problem !== null) refuseDomain(draft, row.id, problem, at)
  return problem
}

export const makeDomainStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  return DomainStore.of({
    find: (domain) =>
      Effect.map(Ref.get(tables), ({ custom_domains }) => {
        const [owner] = namedDomains({ custom_domains }, domain)
        const row = custom_domains.find(({ id }) => id === owner?.id)
        return customDomain(row && { ...row, status: row.verification_status })
      }),
    beginVerification: (run) => change("DomainStore.beginVerification", (draft) => begin(draft, run)),
    resolveSpelling: (spelling) => change("DomainStore.resolveSpelling", (draft) => settle(draft, spelling)),
    reject: ({ at, problem, stored }) =>
      change("DomainStore.reject", (draft) => {
        const row = draft.custom_domains.find(({ domain }) => domain === stored)
        if (row !== undefined) refuseDomain(draft, row.id, problem, at)
      }),
    ...domainChanges(transactDomain("DomainStore", tables)),
    activate: (request, decide) =>
      change("DomainStore.activate", (draft) => {
        const domain = draft.custom_domains.find(({ id }) => id === request.domainId)
        if (domain === undefined) return null
        const fqdn = Either.getOrNull(domainName(domain.domain))
        if (fqdn === null) return null
        const plan = decide(takeSnapshot(draft, domain, fqdn))
        if (plan.route !== null) writeRoute(draft, request, domain, fqdn, plan.route)
        if (plan.challenge !== null) writeChallenge(draft, request, domain, plan.challenge)
        if (plan.isVerified) changeDomain(draft, request, planVerified(request))
        return plan.answer
      })
  })
})
