export interface Refusal {
  readonly handler: "Deploy" | "Promote" | "Rollback"
  readonly body: unknown
  readonly status: number
  readonly message: string | RegExp
}

const image = { dockerImage: { image: "nginx" } }
const rollback = (sourceDeploymentId: string, targetDeploymentId: string) => ({
  sourceDeploymentId,
  targetDeploymentId
})

/**
 * What callers of DeployService are told when a precondition does not hold, over these deployments of project `shop`: d_live is
 * live after d_former, d_preview runs in preview, d_pending was never deployed.
 */
export const refusals: Readonly<Record<string, Refusal>> = {
  "a deploy without a deployment id": {
    handler: "Deploy",
    body: image,
    status: 400,
    message: /deploymentId/
  },
  "a deploy of an unknown deployment": {
    handler: "Deploy",
    body: { deploymentId: "d_unknown", ...image },
    status: 404,
    message: "deployment d_unknown does not exist"
  },
  "a deploy whose workspace is gone": {
    handler: "Deploy",
    body: { deploymentId: "d_orphan", ...image },
    status: 404,
    message: "workspace ws_gone does not exist"
  },
  "a deploy from git": {
    handler: "Deploy",
    body: { deploymentId: "d_git", git: { installationId: "1", repository: "acme/shop", commitSha: "0f3c9a1b" } },
    status: 400,
    message: "deployment d_git asks for a build from git, but builds are not configured; deploy a Docker image"
  },
  "a deploy without a source": {
    handler: "Deploy",
    body: { deploymentId: "d_no_source" },
    status: 400,
    message: "source: give either dockerImage or git"
  },
  "a deploy with two sources": {
    handler: "Deploy",
    body: { deploymentId: "d_pending", ...image, git: {} },
    status: 400,
    message: /git and dockerImage exclude each other/
  },
  "a deploy without an image name": {
    handler: "Deploy",
    body: { deploymentId: "d_no_image", dockerImage: {} },
    status: 400,
    message: "dockerImage.image: must be the reference of an image, such as registry.example.com/team/image:tag"
  },
  "a rollback to itself": {
    handler: "Rollback",
    body: rollback("d_live", "d_live"),
    status: 400,
    message: "cannot roll back to deployment d_live: source and target are the same deployment"
  },
  "a rollback from an unknown deployment": {
    handler: "Rollback",
    body: rollback("d_unknown", "d_former"),
    status: 404,
    message: "deployment d_unknown does not exist"
  },
  "a rollback to an unknown deployment": {
    handler: "Rollback",
    body: rollback("d_live", "d_unknown"),
    status: 404,
    message: "deployment d_unknown does not exist"
  },
  "a rollback to another environment": {
    handler: "Rollback",
    body: rollback("d_live", "d_preview"),
    status: 400,
    message: "cannot roll back to deployment d_preview: it belongs to another environment than the live deployment"
  },
  "a rollback to another project": {
    handler: "Rollback",
    body: rollback("d_live", "d_other"),
    status: 400,
    message: /^cannot roll back to deployment d_other: it belongs to another/
  },
  "a rollback from a deployment that is not live": {
    handler: "Rollback",
    body: rollback("d_former", "d_live"),
    status: 400,
    message: "cannot roll back to deployment d_live: the source is not the live deployment"
  },
  "a rollback to a deployment that is not ready": {
    handler: "Rollback",
    body: rollback("d_live", "d_pending"),
    status: 400,
    message: "cannot roll back to deployment d_pending: it is not ready"
  },
  "a rollback in a project that is gone": {
    handler: "Rollback",
    body: rollback("d_orphan", "d_orphan_too"),
    status: 404,
    message: "project proj_gone does not exist"
  },
  "a promotion of an unknown deployment": {
    handler: "Promote",
    body: { targetDeploymentId: "d_unknown" },
    status: 404,
    message: "deployment d_unknown does not exist"
  },
  "a promotion in a project that is gone": {
    handler: "Promote",
    body: { targetDeploymentId: "d_orphan" },
    status: 404,
    message: "project proj_gone does not exist"
  },
  "a promotion of a deployment that is not ready": {
    handler: "Promote",
    body: { targetDeploymentId: "d_pending" },
    status: 400,
    message: "cannot promote deployment d_pending: it is not ready"
  },
  "a promotion in a project without a live deployment": {
    handler: "Promote",
    body: { targetDeploymentId: "d_idle" },
    status: 400,
    message: "cannot promote deployment d_idle: the project has no live deployment"
  },
  "a promotion of what is live": {
    handler: "Promote",
    body: { targetDeploymentId: "d_live" },
    status: 400,
    message: "cannot promote deployment d_live: it is already live"
  },
  "a promotion of a preview deployment": {
    handler: "Promote",
    body: { targetDeploymentId: "d_preview" },
    status: 400,
    message: "cannot promote deployment d_preview: it belongs to another environment than the live deployment"
  },
  "a promotion where no route follows": {
    handler: "Promote",
    body: { targetDeploymentId: "d_routeless" },
    status: 400,
    message: "cannot promote deployment d_routeless: its environment has no environment or live routes"
  }
}
