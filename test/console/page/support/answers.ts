import type { AboutJson } from "../../../../src/console/api/about.ts"
import type { BuildPageJson, ListedBuildJson } from "../../../../src/console/api/builds.ts"
import type { BuildLogJson, DeploymentPageJson, ListedDeploymentJson } from "../../../../src/console/api/deployments.ts"
import type { DomainPageJson, ListedCertificateJson, ListedDomainJson } from "../../../../src/console/api/domains.ts"
import type {
  InvocationJson,
  InvocationPageJson,
  JournalJson,
  ListedInvocationJson
} from "../../../../src/console/api/invocations.ts"

/** Seconds after the start of the fixture's world. */
const at = (seconds: number): string => new Date(Date.UTC(2026, 11, 1, 10, 0, seconds)).toISOString()

/** What a tenant may write anywhere. */
export const hostile = `<img src="/x.svg" onerror="document.title='owned'"><b>bold</b>\u001b[31mred\u202e`

export const about: AboutJson = {
  version: "1.2.3",
  actions: true,
  user: null,
  hasLogin: true,
  traceUrl: "https://traces.example/trace/{trace_id}",
  restateUi: "http://127.0.0.1:9070/ui",
  sources: ["database", "restate", "clickhouse"]
}

export const deployInvocation: InvocationJson = {
  id: "inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz",
  service: "hydra.v1.DeployService",
  handler: "Deploy",
  key: "proj_FxUsFmL6",
  status: "suspended",
  result: null,
  createdAt: at(0),
  startedAt: at(0),
  modifiedAt: at(100),
  dueAt: null,
  completedAt: null,
  attempts: 1,
  nextRetryAt: null,
  traceId: "b3aba38b1f0e4d5c8a7b6c5d4e3f2a1b",
  failure: null,
  lastStep: "check-instances",
  waitsFor: { _tag: "Timer", until: at(105) }
}

const pausedInvocation: InvocationJson = {
  ...deployInvocation,
  id: "inv_1paused0000000000000000000000000",
  service: "hydra.v1.CertificateService",
  handler: "ProcessChallenge",
  key: "shop.customer.test",
  status: "paused",
  createdAt: at(-3600),
  attempts: 7,
  failure: { code: "500", step: "create-order", reason: "the authority does not answer" },
  lastStep: "create-order",
  waitsFor: null
}

const completed: InvocationJson = {
  ...deployInvocation,
  id: "inv_1done000000000000000000000000000",
  handler: "Promote",
  status: "completed",
  result: "failure",
  createdAt: at(-7200),
  completedAt: at(-7199),
  attempts: 0,
  lastStep: null,
  waitsFor: null
}

const listed = (invocation: InvocationJson): ListedInvocationJson => {
  const { lastStep: _, waitsFor: __, failure, ...fields } = invocation
  return { ...fields, failure: failure === null ? null : { code: failure.code, step: failure.step } }
}

export const invocations: ReadonlyArray<ListedInvocationJson> = [deployInvocation, pausedInvocation, completed].map(
  listed
)

export const journal: JournalJson = {
  entries: [
    {
      kind: "step",
      name: "load-deployment",
      count: 1,
      firstAt: at(0),
      lastAt: at(0),
      isCompleted: true,
      until: null,
      invocation: null
    },
    {
      kind: "call",
      name: "hydra.v1.VersioningService/local.dev/PublishChange",
      count: 1,
      firstAt: at(1),
      lastAt: at(1),
      isCompleted: true,
      until: null,
      invocation: "inv_1called0000000000000000000000000"
    },
    {
      kind: "step",
      name: "check-instances",
      count: 96,
      firstAt: at(5),
      lastAt: at(100),
      isCompleted: true,
      until: null,
      invocation: null
    },
    {
      kind: "timer",
      name: "sleep",
      count: 1,
      firstAt: at(100),
      lastAt: at(100),
      isCompleted: false,
      until: at(105),
      invocation: null
    }
  ],
  isCut: false
}

const commandsFor = (id: string) => [
  { line: `control-plane-worker cancel ${id}`, effect: "marks the deployment failed and removes its instances" }
]

export const invocationPages: ReadonlyArray<InvocationPageJson> = [deployInvocation, pausedInvocation, completed].map(
  (invocation) => ({ now: at(104), invocation, journal, commands: commandsFor(invocation.id) })
)

const deployment = (id: string, changes: Partial<ListedDeploymentJson>): ListedDeploymentJson => ({
  id,
  workspaceId: "ws_1",
  workspaceSlug: "acme",
  projectId: "proj_FxUsFmL6",
  projectSlug: "shop",
  environmentId: "env_1",
  environmentSlug: "production",
  isLive: false,
  status: "ready",
  desiredState: "running",
  image: "registry.example/shop:1",
  buildId: null,
  gitCommitSha: null,
  gitBranch: null,
  createdAt: at(0),
  updatedAt: at(9),
  ...changes
})

export const deployments: ReadonlyArray<ListedDeploymentJson> = [
  deployment("d_W1sxMKKS", { status: "deploying", createdAt: at(0) }),
  deployment("d_TwVD2ONL", {
    status: "failed",
    createdAt: at(-600),
    gitBranch: hostile,
    gitCommitSha: "0f4c2a9be1d07c1f9c3f5d6e7a8b9c0d1e2f3a4b",
    buildId: "bld_1"
  }),
  deployment("d_n9RL7R0v", { isLive: true, createdAt: at(-86_400) })
]

const [running, failed] = deployments

const pageOf = (row: ListedDeploymentJson): DeploymentPageJson => ({
  id: row.id,
  now: at(104),
  deployment: { ...row, gitCommitMessage: null, gitCommitAuthorHandle: null },
  phases: [],
  regions: [],
  invocation: null,
  otherInvocations: [],
  waitsFor: null,
  slot: null,
  commands: [],
  journal: null,
  routes: [],
  history: deployments
})

const runningPage = (row: ListedDeploymentJson): DeploymentPageJson => ({
  ...pageOf(row),
  phases: [
    { step: "queued", startedAt: at(0), endedAt: at(1), error: null },
    { step: "building", startedAt: at(1), endedAt: at(3), error: null },
    { step: "deploying", startedAt: at(3), endedAt: null, error: null }
  ],
  regions: [{ region: "local.dev", desiredReplicas: 1, running: 0, failed: 0 }],
  invocation: deployInvocation,
  waitsFor: { reason: "instances", text: "instances", until: at(900) },
  commands: commandsFor(deployInvocation.id),
  journal,
  routes: [{ host: "shop-production.unkey.local", sticky: "environment" }]
})

const failedPage = (row: ListedDeploymentJson): DeploymentPageJson => {
  const page = pageOf(row)
  return {
    ...page,
    deployment:
      page.deployment === null
        ? null
        : { ...page.deployment, gitCommitMessage: hostile, gitCommitAuthorHandle: "octo" },
    phases: [
      { step: "queued", startedAt: at(-600), endedAt: at(-599), error: null },
      { step: "building", startedAt: at(-599), endedAt: at(-590), error: `exit code 1 ${hostile}` }
    ]
  }
}

export const deploymentPages: ReadonlyArray<DeploymentPageJson> = [
  ...(running === undefined ? [] : [runningPage(running)]),
  ...(failed === undefined ? [] : [failedPage(failed)])
]

export const buildLogs: ReadonlyArray<BuildLogJson> = [
  {
    steps: [
      { id: "s1", name: "FROM node:24", startedAt: at(-599), completedAt: at(-597), isCached: true, error: "" },
      {
        id: "s2",
        name: "RUN npm ci",
        startedAt: at(-597),
        completedAt: at(-590),
        isCached: false,
        error: "exit code 1"
      }
    ],
    output: {
      items: [
        { at: at(-596), stepId: "s2", text: "added 12 packages\n" },
        { at: at(-595), stepId: "s2", text: `\u001b[31mnpm error\u001b[0m ${hostile}\n` }
      ],
      next: "more"
    }
  },
  { steps: [], output: { items: [{ at: at(-591), stepId: "s2", text: "the last line\n" }], next: null } }
]

const domain: ListedDomainJson = {
  id: "dom_1",
  domain: "shop.customer.test",
  workspaceId: "ws_1",
  projectId: "proj_FxUsFmL6",
  verificationStatus: "verifying",
  ownershipVerified: true,
  cnameVerified: false,
  checkAttempts: 12,
  lastCheckedAt: at(60),
  verificationError: hostile,
  createdAt: at(-3600),
  challengeStatus: "verified",
  challengeExpiresAt: at(90 * 86_400)
}

export const domains: ReadonlyArray<ListedDomainJson> = [domain]

export const certificates: ReadonlyArray<ListedCertificateJson> = [
  {
    domain: "shop.customer.test",
    workspaceId: "ws_1",
    challengeStatus: "verified",
    expiresAt: at(90 * 86_400),
    certificateId: "cert_1",
    storedAt: at(-60)
  },
  {
    domain: "old.customer.test",
    workspaceId: "ws_1",
    challengeStatus: "verified",
    expiresAt: new Date(Date.UTC(2020, 0, 1)).toISOString(),
    certificateId: "cert_2",
    storedAt: new Date(Date.UTC(2019, 9, 1)).toISOString()
  }
]

export const domainPage: DomainPageJson = {
  name: domain.domain,
  now: at(104),
  domain: {
    ...domain,
    environmentId: "env_1",
    targetCname: "abc.cname.unkey.local",
    certificateId: "cert_1",
    certificateStoredAt: at(-60),
    routeDeploymentId: "d_n9RL7R0v"
  },
  verification: {
    ...deployInvocation,
    service: "hydra.v1.CustomDomainService",
    handler: "VerifyDomain",
    status: "scheduled"
  },
  issuance: pausedInvocation,
  commands: commandsFor(pausedInvocation.id)
}

const build: ListedBuildJson = {
  id: "bld_1",
  state: "failed",
  detail: "npm ci",
  leaseUntil: at(-590),
  externalBuildId: "depot_1",
  image: null,
  digest: null,
  failure: { kind: "unknown", message: `exit code 1 ${hostile}` },
  deploymentId: "d_TwVD2ONL",
  projectId: "proj_FxUsFmL6",
  projectSlug: "shop",
  workspaceSlug: "acme",
  gitCommitSha: "0f4c2a9be1d07c1f9c3f5d6e7a8b9c0d1e2f3a4b",
  gitBranch: "main"
}

export const builds: ReadonlyArray<ListedBuildJson> = [build]

export const buildPage: BuildPageJson = {
  id: build.id,
  now: at(104),
  build: {
    id: build.id,
    state: build.state,
    detail: build.detail,
    leaseUntil: build.leaseUntil,
    externalBuildId: build.externalBuildId,
    image: build.image,
    digest: build.digest,
    failure: build.failure
  },
  attempt: 1,
  otherBuilds: [],
  deploy: null,
  log: []
}
