import { type Effect, Option } from "effect"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { DbFailure } from "../Db.ts"
import { Deployment, type DeploymentStatus, type DesiredState } from "./Deployment.ts"
import type { DeploymentStore } from "./DeploymentStore.ts"

/** A deployment under its lock, as far as it decides a change. */
export const LockedDeployment = Deployment.pick(
  "id",
  "workspaceId",
  "projectId",
  "environmentId",
  "status",
  "gitCommitSha"
)
export type LockedDeployment = typeof LockedDeployment.Type

/** What one transaction writes about a deployment. What is absent does not change. */
export interface DeploymentPlan<A> {
  /** Columns of `deployments`. */
  readonly set?: {
    readonly status?: DeploymentStatus
    readonly desiredState?: DesiredState
    readonly image?: string
    readonly buildId?: string
    readonly gitCommitSha?: string
    readonly gitBranch?: string
    readonly gitCommitMessage?: string
    readonly gitCommitAuthorHandle?: string | null
    readonly gitCommitAuthorAvatarUrl?: string | null
    readonly gitCommitTimestamp?: number | null
  }
  /** Ends all open steps with an error. */
  readonly close?: { readonly error: string }
  /** Returned to the caller and not stored. */
  readonly answer: A
}

/** The deployment and the time to write, in Unix milliseconds. */
export interface DeploymentKey {
  readonly deploymentId: string
  readonly at: number
}

type Methods = DeploymentStore["Type"]
type Change<Name extends keyof Methods> = Methods[Name] extends (change: infer Input) => unknown ? Input : never

/** A deployment in one of these statuses no longer changes its phase. */
export const finalStatuses: ReadonlyArray<DeploymentStatus> = ["ready", "failed"]

export const planCommit = (
  deployment: LockedDeployment | null,
  { commit }: Change<"writeCommit">
): DeploymentPlan<Option.Option<string>> => {
  if (deployment === null) return { answer: Option.none() }
  if (deployment.status !== "pending") return { answer: Option.some(deployment.gitCommitSha ?? commit.sha) }
  const set = {
    gitCommitSha: commit.sha,
    gitBranch: commit.branch,
    gitCommitMessage: commit.message,
    gitCommitAuthorHandle: commit.authorHandle,
    gitCommitAuthorAvatarUrl: commit.authorAvatarUrl,
    gitCommitTimestamp: commit.timestamp
  }
  return { set, answer: Option.some(commit.sha) }
}

/** The column holds 512 characters; a strict server would reject more, which would hide the failure. */
const maxError = 512

export const planFailure = (
  deployment: LockedDeployment | null,
  isLive: boolean,
  { message }: Change<"fail">
): DeploymentPlan<void> =>
  deployment === null || isLive || deployment.status === "ready"
    ? { answer: undefined }
    : { set: { status: "failed" }, close: { error: firstCodePoints(message, maxError) }, answer: undefined }

export const planDesiredState = (
  deployment: LockedDeployment | null,
  isLive: boolean,
  { desiredState }: Change<"changeDesiredState">
): DeploymentPlan<"changed" | "live" | "missing"> => {
  if (deployment === null) return { answer: "missing" }
  if (isLive && desiredState !== "running") return { answer: "live" }
  return { set: { desiredState }, answer: "changed" }
}

/** The project's Depot project as its column holds it: older rows store an empty string for none. */
export const storedDepotProject = (column: string | null | undefined): Option.Option<string> =>
  Option.filter(Option.fromNullable(column), (id) => id !== "")

/** How a store changes a deployment: locks it, lets a pure function plan, and writes the plan in the same transaction. */
export interface DeploymentTransactions {
  readonly transact: <A>(
    method: keyof Methods,
    key: DeploymentKey,
    plan: (deployment: LockedDeployment | null) => DeploymentPlan<A>
  ) => Effect.Effect<A, DbFailure>
  /** Locks the deployment's project first, which serializes with changes of its live deployment. */
  readonly transactWithProject: <A>(
    method: keyof Methods,
    key: DeploymentKey,
    plan: (deployment: LockedDeployment | null, isLive: boolean) => DeploymentPlan<A>
  ) => Effect.Effect<A, DbFailure>
}

/** The methods of `DeploymentStore` that decide on the locked row how they change a deployment. */
export const deploymentChanges = ({ transact, transactWithProject }: DeploymentTransactions) =>
  ({
    writeCommit: (change) => transact("writeCommit", change, (deployment) => planCommit(deployment, change)),
    fail: (change) =>
      transactWithProject("fail", change, (deployment, isLive) => planFailure(deployment, isLive, change)),
    changeDesiredState: (change) =>
      transactWithProject("changeDesiredState", change, (deployment, isLive) =>
        planDesiredState(deployment, isLive, change)
      )
  }) satisfies Partial<Methods>
