import { HttpApiSchema } from "@effect/platform"
import { Schema } from "effect"

/** Refuse (400): the request is inconsistent, in itself or with the rows that it names. Do not retry it unchanged. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("ctrl-worker/InvalidRequest")(
  "InvalidRequest",
  { field: Schema.String, problem: Schema.String },
  HttpApiSchema.annotations({ status: 400 })
) {
  override get message() {
    return `${this.field}: ${this.problem}`
  }
}

/** Refuse (400): the request asks for a build from git, and this worker has no builder or may not read the repository. */
export class GitSourceUnavailable extends Schema.TaggedError<GitSourceUnavailable>("ctrl-worker/GitSourceUnavailable")(
  "GitSourceUnavailable",
  {
    deploymentId: Schema.String,
    /** What is missing; the builder when absent. */
    missing: Schema.optionalWith(Schema.Literal("builder", "github_app"), { exact: true })
  },
  HttpApiSchema.annotations({ status: 400 })
) {
  override get message() {
    const missing = this.missing === "github_app" ? "no GitHub App is configured" : "builds are not configured"
    return `deployment ${this.deploymentId} asks for a build from git, but ${missing}; deploy a Docker image`
  }
}

/** Refuse (404): the row that the request names, or one that it depends on, does not exist. */
export class NotFound extends Schema.TaggedError<NotFound>("ctrl-worker/NotFound")(
  "NotFound",
  {
    resource: Schema.Literal(
      "deployment",
      "project",
      "workspace",
      "environment",
      "runtime settings",
      "custom domain",
      "quota"
    ),
    id: Schema.String
  },
  HttpApiSchema.annotations({ status: 404 })
) {
  override get message() {
    return `${this.resource} ${this.id} does not exist`
  }
}

const switchRefusals = {
  same_deployment: "source and target are the same deployment",
  other_environment: "it belongs to another environment than the live deployment",
  other_project: "it belongs to another project than the live deployment",
  not_ready: "it is not ready",
  no_live_deployment: "the project has no live deployment",
  source_not_live: "the source is not the live deployment",
  already_live: "it is already live",
  no_sticky_routes: "its environment has no environment or live routes",
  put_on_standby: "it was put on standby meanwhile"
} as const

type SwitchRefusal = keyof typeof switchRefusals

// Object.keys is typed string[]; these are the keys of the table above.
const switchRefusalReasons = Object.keys(switchRefusals) as [SwitchRefusal, ...Array<SwitchRefusal>]

const switchActions = { deploy: "route to", promote: "promote", rollback: "roll back to" } as const

/** Refuse (400): a promotion, a rollback or a deploy's last step whose preconditions do not hold. `deploymentId` is the target. */
export class SwitchRefused extends Schema.TaggedError<SwitchRefused>("ctrl-worker/SwitchRefused")(
  "SwitchRefused",
  {
    intent: Schema.Literal("deploy", "promote", "rollback"),
    deploymentId: Schema.String,
    reason: Schema.Literal(...switchRefusalReasons)
  },
  HttpApiSchema.annotations({ status: 400 })
) {
  override get message() {
    return `cannot ${switchActions[this.intent]} deployment ${this.deploymentId}: ${switchRefusals[this.reason]}`
  }
}

/**
 * Refuse (409): the project's live deployment changed after the caller read it, because a concurrent switch won.
 * Nothing was written; read it again and decide.
 */
export class StaleLiveDeployment extends Schema.TaggedError<StaleLiveDeployment>("ctrl-worker/StaleLiveDeployment")(
  "StaleLiveDeployment",
  {
    projectId: Schema.String,
    expectedDeploymentId: Schema.optionalWith(Schema.String, { exact: true }),
    actualDeploymentId: Schema.optionalWith(Schema.String, { exact: true })
  },
  HttpApiSchema.annotations({ status: 409 })
) {
  override get message() {
    const expected = this.expectedDeploymentId ?? "no deployment"
    return `project ${this.projectId} has ${this.actualDeploymentId ?? "no deployment"} live, not ${expected} as expected`
  }
}

/** Refuse (409): the desired state of a live deployment may not change; route traffic elsewhere first. */
export class DeploymentIsLive extends Schema.TaggedError<DeploymentIsLive>("ctrl-worker/DeploymentIsLive")(
  "DeploymentIsLive",
  { deploymentId: Schema.String },
  HttpApiSchema.annotations({ status: 409 })
) {
  override get message() {
    return `deployment ${this.deploymentId} is live; its desired state cannot change`
  }
}

/**
 * Needs an operator (500): a deploy failed. The deployment is `failed` and its open step has `problem` as its error.
 */
export class DeploymentFailed extends Schema.TaggedError<DeploymentFailed>("ctrl-worker/DeploymentFailed")(
  "DeploymentFailed",
  {
    deploymentId: Schema.String,
    step: Schema.Literal("queued", "building", "deploying", "network"),
    problem: Schema.String,
    /** The newer deployment that superseded this one before it was built; absent otherwise. */
    supersededBy: Schema.optionalWith(Schema.String, { exact: true })
  },
  HttpApiSchema.annotations({ status: 500 })
) {
  override get message() {
    return `deployment ${this.deploymentId} failed while ${this.step}: ${this.problem}`
  }
}

/** Needs an operator (500): the target of a promotion or rollback was started but does not run. No route was moved. */
export class InstancesNotRunning extends Schema.TaggedError<InstancesNotRunning>("ctrl-worker/InstancesNotRunning")(
  "InstancesNotRunning",
  { deploymentId: Schema.String, problem: Schema.String },
  HttpApiSchema.annotations({ status: 500 })
) {
  override get message() {
    return `deployment ${this.deploymentId} does not run: ${this.problem}`
  }
}

const issuanceObstacles = {
  acme_disabled: "acme.enabled is false",
  no_dns_provider: "a wildcard needs a DNS provider, and acme.route53 is not configured"
} as const

/**
 * Refuse (409): this worker's configuration does not allow it to obtain the certificate. The challenge is unchanged and
 * retried later.
 */
export class IssuanceUnavailable extends Schema.TaggedError<IssuanceUnavailable>("ctrl-worker/IssuanceUnavailable")(
  "IssuanceUnavailable",
  { domain: Schema.String, reason: Schema.Literal("acme_disabled", "no_dns_provider") },
  HttpApiSchema.annotations({ status: 409 })
) {
  override get message() {
    return `no certificate can be obtained for ${this.domain}: ${issuanceObstacles[this.reason]}; it stays waiting`
  }
}

/**
 * Needs an operator (500): the vault cannot decrypt the stored password of a workspace's analytics login. Nothing was
 * changed.
 */
export class CredentialsUnreadable extends Schema.TaggedError<CredentialsUnreadable>(
  "ctrl-worker/CredentialsUnreadable"
)("CredentialsUnreadable", { workspaceId: Schema.String }, HttpApiSchema.annotations({ status: 500 })) {
  override get message() {
    return `the stored analytics password of workspace ${this.workspaceId} cannot be decrypted: it belongs to another keyring, vault or row, or is damaged`
  }
}

/**
 * Needs an operator (500): the usage of workspaces is unknown, because the analytics database is not configured. The
 * quota check fails instead of passing.
 */
export class UsageNotConfigured extends Schema.TaggedError<UsageNotConfigured>("ctrl-worker/UsageNotConfigured")(
  "UsageNotConfigured",
  {},
  HttpApiSchema.annotations({ status: 500 })
) {
  override get message() {
    return "quotas cannot be checked: clickhouse.url is not set"
  }
}

/**
 * Retry (503): a scheduled run was given up, because a dependency was unavailable for too long. Its completed work
 * stays. The next firing starts a new run; fire it again where the next run covers less.
 */
export class RunGivenUp extends Schema.TaggedError<RunGivenUp>("ctrl-worker/RunGivenUp")(
  "RunGivenUp",
  {
    task: Schema.Literal("cert_renewal", "domain_proofs", "key_refill", "quota_check", "scale_down_idle"),
    problem: Schema.String
  },
  HttpApiSchema.annotations({ status: 503 })
) {
  override get message() {
    return `a run of ${this.task} is given up: ${this.problem}`
  }
}

const databaseRefusals = {
  duplicate_key: "another row has this key",
  constraint: "the row breaks a rule of its table",
  too_long: "a value is too long for its column",
  out_of_range: "a number is out of its column's range",
  wrong_value: "a value does not fit its column",
  unknown_object: "a table or column does not exist",
  denied: "the worker's user may not do this",
  syntax: "the statement is not understood",
  other: "the statement is not accepted"
} as const

type DatabaseRefusal = keyof typeof databaseRefusals

// Object.keys is typed string[]; these are the keys of the table above.
const databaseRefusalReasons = Object.keys(databaseRefusals) as [DatabaseRefusal, ...Array<DatabaseRefusal>]

/**
 * Needs an operator (500): the database permanently refuses a statement of the request. The statement wrote nothing.
 * `errno` is the server's error number.
 */
export class DatabaseRefused extends Schema.TaggedError<DatabaseRefused>("ctrl-worker/DatabaseRefused")(
  "DatabaseRefused",
  {
    operation: Schema.String,
    reason: Schema.Literal(...databaseRefusalReasons),
    errno: Schema.optionalWith(Schema.Number, { exact: true })
  },
  HttpApiSchema.annotations({ status: 500 })
) {
  override get message() {
    const errno = this.errno === undefined ? "" : `, error ${this.errno}`
    return `the database refuses this: ${databaseRefusals[this.reason]} (${this.operation}${errno})`
  }
}
