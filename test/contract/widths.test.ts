import { assert, describe, it } from "@effect/vitest"
import { JSONSchema, Schema } from "effect"
import fc from "fast-check"
import { id, message } from "../../src/contract/protojson.ts"
import { text } from "../../src/contract/scalars.ts"
import { contracts } from "../docs/contracts.ts"
import { columns, widthOf } from "../support/columns.ts"

interface JsonSchemaNode {
  readonly title?: string
  readonly maxLength?: number
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>
  readonly items?: JsonSchemaNode
}

/** Every text of a message that has a width, as `message.field`; a member of a list ends with `[]`. */
const boundedFields = (node: JsonSchemaNode, path: string): ReadonlyArray<readonly [string, number]> => [
  ...(node.maxLength === undefined ? [] : [[path, node.maxLength] as const]),
  ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => boundedFields(child, `${path}.${name}`)),
  ...(node.items === undefined ? [] : boundedFields(node.items, `${path}[]`))
]

const fields = contracts
  .flatMap(({ handlers }) => Object.values(handlers))
  .flatMap(({ input, output }) => [input, output])
  .flatMap((schema) => {
    // Contracts hold messages without requirements; a message publishes itself as an object.
    const node = JSONSchema.make(schema as Schema.Schema<unknown>) as JsonSchemaNode
    return boundedFields(node, (node.title ?? "").split(".").at(-1) ?? "")
  })

interface Rule {
  readonly field: RegExp
  /** The field's values come out of these columns: whatever fits them must fit the field. */
  readonly from?: ReadonlyArray<string>
  /** The field's values are written to these columns: whatever fits the field must fit them. */
  readonly to?: ReadonlyArray<string>
  /** Why there is no column. */
  readonly ours?: string
}

/** The first rule that matches a field is the one. */
const rules: ReadonlyArray<Rule> = [
  {
    field: /^PublishChangeRequest\.deploymentId$/,
    to: ["deployment_topology.deployment_id", "cilium_network_policies.deployment_id"]
  },
  {
    field: /^PublishChangeRequest\.workspaceId$/,
    to: ["deployment_topology.workspace_id", "sentinels.workspace_id", "cilium_network_policies.workspace_id"]
  },
  {
    field: /^PublishChangeRequest\.projectId$/,
    from: ["projects.id"],
    to: ["sentinels.project_id", "cilium_network_policies.project_id"]
  },
  {
    field: /^PublishChangeRequest\.environmentId$/,
    from: ["environments.id", "deployments.environment_id"],
    to: ["sentinels.environment_id", "cilium_network_policies.environment_id"]
  },
  { field: /\.k8sNamespace$/, to: ["cilium_network_policies.k8s_namespace"] },
  { field: /\.sentinel\.id$/, to: ["sentinels.id"] },
  { field: /\.sentinel\.k8sName$/, to: ["sentinels.k8s_name"] },
  { field: /\.sentinel\.k8sAddress$/, to: ["sentinels.k8s_address"] },
  { field: /\.sentinel\.image$/, to: ["sentinels.image"] },
  { field: /\.policies\[\]\.id$/, to: ["cilium_network_policies.id"] },
  { field: /\.policies\[\]\.k8sName$/, to: ["cilium_network_policies.k8s_name"] },
  { field: /\.(expectedLiveDeploymentId|previousLiveDeploymentId)$/, from: ["projects.live_deployment_id"] },
  {
    field: /\.(deploymentId|sourceDeploymentId|targetDeploymentId|by|building\[\])$/,
    from: ["deployments.id"],
    to: ["deployments.id"]
  },
  {
    field: /\.(domain|failedDomains\[\]|fqdn|alternative)$/,
    from: ["custom_domains.domain", "certificates.hostname", "frontline_routes.fully_qualified_domain_name"]
  },
  { field: /\.workspaceId$/, from: ["workspaces.id", "custom_domains.workspace_id"] },
  { field: /\.certificateId$/, from: ["certificates.id"] },
  { field: /\.frontlineRouteIds\[\]$/, from: ["frontline_routes.id"] },
  { field: /^ReportRequest\.environment$/, from: ["environments.slug"] },
  { field: /\.repository$/, from: ["github_repo_connections.repository_full_name"] },
  { field: /\.(sha|commitSha)$/, from: ["deployments.git_commit_sha"], to: ["deployments.git_commit_sha"] },
  { field: /\.git\.branch$/, from: ["deployments.git_branch"], to: ["deployments.git_branch"] },
  { field: /\.contextPath$/, from: ["environment_build_settings.docker_context"] },
  { field: /\.dockerfilePath$/, from: ["environment_build_settings.dockerfile"] },
  { field: /\.dockerImage\.image$/, from: ["deployments.image"], to: ["deployments.image"] },
  { field: /\.keyAuthId$/, from: ["keys.key_auth_id"] },
  { field: /^CheckSlice(Request|Response)\.after$/, from: ["workspaces.id"] },
  { field: /\.buildId$/, to: ["deployments.build_id", "ctrl_worker_builds.build_id"] },
  { field: /\.command\[\]$/, ours: "accepted and not used" },
  { field: /\.line$/, ours: "an environment's id and a branch, see below" },
  { field: /\.(bell|nonce|serial|run|period|cursor|highest|state|status)$/, ours: "made by this worker" },
  { field: /\.(description|url)$/, ours: "text for GitHub, made by this worker" },
  { field: /\.(problem\.type|problem\.detail|rejectedUrl)$/, ours: "what the certificate authority said" }
]

const ruleOf = (field: string) => rules.find((rule) => rule.field.test(field))

describe("the widths of the contract", () => {
  it("are counted in code points, as the database counts the widths of its columns", () => {
    const Wide = message("Wide", { name: id(8), note: text(8) })
    const read = Schema.decodeUnknownEither(Wide)
    const points = fc.string({ unit: fc.constantFrom("a", "é", "😀"), maxLength: 12 })
    fc.assert(
      fc.property(points, (value) => {
        const isRead = read({ name: `x${value}`, note: value })._tag === "Right"
        assert.strictEqual(isRead, [...value].length < 8)
      })
    )
    assert.strictEqual(read({ name: "😀".repeat(8), note: "😀".repeat(8) })._tag, "Right")
    assert.strictEqual(read({ name: "😀".repeat(9) })._tag, "Left")
  })

  it("are all compared with the columns that the values come from or go to", () => {
    assert.isAbove(fields.length, 60)
    assert.isAbove(columns.length, 200)
    assert.deepStrictEqual(
      fields.map(([field]) => field).filter((field) => ruleOf(field) === undefined),
      []
    )
  })

  it("are wide enough for whatever fits the column that a value comes from", () => {
    for (const [field, width] of fields)
      for (const column of ruleOf(field)?.from ?? []) assert.isAtLeast(width, widthOf(column), `${field} ${column}`)
  })

  it("are no wider than the column that a value is written to", () => {
    for (const [field, width] of fields)
      for (const column of ruleOf(field)?.to ?? []) assert.isAtMost(width, widthOf(column), `${field} ${column}`)
  })

  it("hold the line of a build, which is an environment and a branch", () => {
    const line = fields.find(([field]) => field === "RequestRequest.line")?.[1]
    assert.isAtLeast(line ?? 0, widthOf("deployments.environment_id") + 1 + widthOf("deployments.git_branch"))
  })
})
