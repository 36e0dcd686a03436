import { HttpApiSchema } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { JSONSchema, Schema } from "effect"
import type { Contract } from "effect-restate"
import { BuildSlotService } from "../../src/contract/BuildSlotService.ts"
import { CertificateService } from "../../src/contract/CertificateService.ts"
import { ClickhouseUserService } from "../../src/contract/ClickhouseUserService.ts"
import { CommitStatusService } from "../../src/contract/CommitStatusService.ts"
import { CustomDomainService } from "../../src/contract/CustomDomainService.ts"
import { DeploymentService } from "../../src/contract/DeploymentService.ts"
import { DeployService } from "../../src/contract/DeployService.ts"
import { DomainProofService } from "../../src/contract/DomainProofService.ts"
import * as errors from "../../src/contract/errors.ts"
import { IdlePreviews } from "../../src/contract/IdlePreviews.ts"
import { QuotaNoticeService } from "../../src/contract/QuotaNoticeService.ts"
import { RoutingService } from "../../src/contract/RoutingService.ts"
import { VersioningService } from "../../src/contract/VersioningService.ts"
import { TransitionState } from "../../src/workflows/compat/transitionState.ts"
import { contracts } from "../docs/contracts.ts"

const services: ReadonlyArray<Contract> = [
  BuildSlotService,
  CommitStatusService,
  ClickhouseUserService,
  CustomDomainService,
  DeployService,
  DeploymentService,
  IdlePreviews,
  RoutingService,
  VersioningService,
  CertificateService,
  DomainProofService,
  QuotaNoticeService
]

describe("the services' contracts", () => {
  it("keep the names, modes and ingress visibility that callers and deployed systems rely on", () => {
    const surface = services.map((service) => [
      service.name,
      Object.fromEntries(
        Object.entries(service.handlers).map(([name, { mode, ingress }]) => [name, `${mode} ${ingress}`])
      )
    ])
    assert.deepStrictEqual(Object.fromEntries(surface), {
      "hydra.v1.CustomDomainService": {
        VerifyDomain: "exclusive public",
        RetryVerification: "exclusive public",
        CheckDomain: "exclusive private"
      },
      "ctrl_worker.v1.IdlePreviews": { Sweep: "exclusive private" },
      "hydra.v1.ClickhouseUserService": { ConfigureUser: "exclusive public" },
      "hydra.v1.DeployService": {
        Deploy: "shared public",
        Rollback: "shared public",
        Promote: "shared public",
        ScaleDownIdlePreviewDeployments: "shared public"
      },
      "ctrl_worker.v1.BuildSlotService": {
        Request: "exclusive private",
        Renew: "exclusive private",
        Release: "exclusive private",
        Sweep: "exclusive private",
        Reclaim: "shared private",
        Reclaimed: "exclusive private",
        Position: "shared public"
      },
      "ctrl_worker.v1.CommitStatusService": { Report: "exclusive private" },
      "hydra.v1.DeploymentService": {
        ScheduleDesiredStateChange: "exclusive private",
        ChangeDesiredState: "exclusive private",
        SetDesiredState: "exclusive private",
        TakeScheduledStateChange: "exclusive private",
        ClearScheduledStateChanges: "exclusive private"
      },
      "hydra.v1.RoutingService": {
        AssignFrontlineRoutes: "exclusive private",
        SwapLiveDeployment: "exclusive private"
      },
      "hydra.v1.VersioningService": {
        NextVersion: "exclusive private",
        GetVersion: "exclusive private",
        RaiseVersion: "exclusive private",
        PublishChange: "exclusive private"
      },
      "hydra.v1.CertificateService": {
        ProcessChallenge: "exclusive public",
        RenewExpiringCertificates: "exclusive public",
        ReissueCertificate: "exclusive public",
        ContinueIssuance: "exclusive private",
        RenewCertificate: "exclusive private",
        CheckRenewal: "shared private",
        RememberRenewalInfo: "exclusive private",
        RenewPage: "shared private",
        EnsureAccount: "exclusive private"
      },
      "ctrl_worker.v1.DomainProofService": { LookAtPage: "shared private", LookAtDomain: "exclusive private" },
      "ctrl_worker.v1.QuotaNoticeService": { Notify: "exclusive private" }
    })
  })

  it("publish a JSON Schema object for every request and response", () => {
    for (const service of contracts) {
      for (const handler of Object.values(service.handlers)) {
        for (const schema of [handler.input, handler.output]) {
          assert.include(JSONSchema.make(Schema.make(schema.ast)), { type: "object" })
        }
      }
    }
  })

  it("accept what the control API, the webhook and the Go worker send", () => {
    const deploy = Schema.decodeUnknownSync(DeployService.handlers.Deploy.input)
    assert.deepStrictEqual(deploy({ deploymentId: "d_1", dockerImage: { image: "nginx:1" }, command: ["run"] }), {
      deploymentId: "d_1",
      dockerImage: { image: "nginx:1" },
      command: ["run"]
    })
    assert.deepStrictEqual(
      deploy({ deploymentId: "d_1", git: { installationId: "42", repository: "a/b", commitSha: "f".repeat(40) } }).git,
      {
        installationId: 42n,
        repository: "a/b",
        commitSha: "f".repeat(40),
        contextPath: "",
        dockerfilePath: "",
        branch: ""
      }
    )
    const schedule = Schema.decodeUnknownSync(DeploymentService.handlers.ScheduleDesiredStateChange.input)
    assert.deepStrictEqual(schedule({ delayMillis: "1800000", state: "DEPLOYMENT_DESIRED_STATE_STANDBY" }), {
      delayMillis: 1_800_000,
      state: "standby"
    })
    assert.deepStrictEqual(schedule({}), { delayMillis: 0, state: "unspecified" })
  })

  it("answer with nothing but the declared members, {} when they are zero", () => {
    const version = Schema.encodeSync(VersioningService.handlers.GetVersion.output)
    assert.deepStrictEqual(version({ version: 0n }), {})
    assert.deepStrictEqual(version({ version: 7n }), { version: "7" })
    assert.deepStrictEqual(Schema.encodeSync(DeployService.handlers.Deploy.output)({}), {})
  })

  it("read the transition that a Go worker left behind, and write it so that Go can read it", () => {
    const read = Schema.decodeUnknownSync(TransitionState)
    const expected = { nonce: "n", to: "standby" } as const
    assert.deepStrictEqual(read({ Nonce: "n", To: 2 }), expected)
    assert.deepStrictEqual(read({ nonce: "n", to: "DEPLOYMENT_DESIRED_STATE_STANDBY" }), expected)
    assert.deepStrictEqual(Schema.encodeSync(TransitionState)(expected), { Nonce: "n", To: 2 })
  })
})

describe("the errors callers see", () => {
  const survives = <E extends Error, I>(schema: Schema.Schema<E, I>, status: number, error: E) => {
    assert.strictEqual(HttpApiSchema.getStatusErrorAST(schema.ast), status)
    assert.match(error.message, /d_1|p_1|dockerImage/)
    const back = Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(Schema.encodeSync(schema)(error))))
    assert.deepStrictEqual({ ...back }, { ...error })
    assert.strictEqual(back.message, error.message)
  }

  it("carry their status, a readable message and every field through JSON", () => {
    const target = { deploymentId: "d_1" }
    survives(errors.InvalidRequest, 400, new errors.InvalidRequest({ field: "dockerImage", problem: "is empty" }))
    survives(errors.GitSourceUnavailable, 400, new errors.GitSourceUnavailable(target))
    survives(errors.NotFound, 404, new errors.NotFound({ resource: "deployment", id: "d_1" }))
    for (const intent of ["promote", "rollback"] as const) {
      const refused = new errors.SwitchRefused({ ...target, intent, reason: "other_environment" })
      survives(errors.SwitchRefused, 400, refused)
    }
    const stale = new errors.StaleLiveDeployment({ projectId: "p_1", actualDeploymentId: "d_2" })
    survives(errors.StaleLiveDeployment, 409, stale)
    survives(errors.DeploymentIsLive, 409, new errors.DeploymentIsLive(target))
    const failed = new errors.DeploymentFailed({ ...target, step: "deploying", problem: "x" })
    survives(errors.DeploymentFailed, 500, failed)
    const superseded = new errors.DeploymentFailed({ ...target, step: "queued", problem: "x", supersededBy: "d_2" })
    survives(errors.DeploymentFailed, 500, superseded)
    survives(errors.InstancesNotRunning, 500, new errors.InstancesNotRunning({ ...target, problem: "x" }))
  })

  it("tell the loser of a race which deployment is live", () => {
    const error = new errors.StaleLiveDeployment({
      projectId: "p_1",
      expectedDeploymentId: "d_1",
      actualDeploymentId: "d_2"
    })
    assert.strictEqual(error.message, "project p_1 has d_2 live, not d_1 as expected")
  })
})
