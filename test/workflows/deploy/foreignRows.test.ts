import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { columns, fourBytes, integersOf, widthOf } from "../../support/columns.ts"
import type { TableName, Tables } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { building, fromGit } from "../../support/workflows/builds.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { gitSource, submission, submitDeploy, submitFromGit } from "../../support/workflows/commands.ts"
import { answerOf, deploymentRow, rows } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"
import { pending, shop } from "../../support/workflows/seeds.ts"

/** The tables that the API writes and a deploy reads. */
const tables = [
  "workspaces",
  "projects",
  "environments",
  "environment_runtime_settings",
  "deployments"
] as const satisfies ReadonlyArray<TableName>
type Table = (typeof tables)[number]

/** A deploy comes to its end by itself, and its row and steps say which. Answers with what the caller got. */
const endsWithinItsRules = (deploymentId: string, submit: typeof submitDeploy) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const invocation = yield* submit(deploymentId)
    yield* engine.advance("3 hours")
    assert.deepStrictEqual(unfinished(engine), [])
    const answer = yield* answerOf(invocation)
    const status = (yield* Effect.option(deploymentRow(deploymentId))).pipe((row) =>
      row._tag === "None" ? "missing" : row.value.status
    )
    if (answer.code === 200) {
      assert.strictEqual(status, "ready")
      return answer
    }
    assert.isAbove(answer.message.length, 0)
    assert.include(["failed", "missing"], status)
    const steps = (yield* rows).deployment_steps.filter((row) => row.deployment_id === deploymentId)
    assert.deepStrictEqual(
      steps.filter(({ ended_at }) => ended_at === null),
      []
    )
    if (steps.length > 0) assert.isTrue(steps.some(({ error }) => (error ?? "") !== ""))
    return answer
  })

const where: { readonly [T in Table]: Partial<Tables[T]> } = {
  workspaces: { id: "ws_shop" },
  projects: { id: "proj_shop" },
  environments: { id: "env_shop_production" },
  environment_runtime_settings: { environment_id: "env_shop_production" },
  deployments: { id: "d_1" }
}

/** Where an id stands besides its own row: the API writes them together. */
const references: Readonly<Record<string, ReadonlyArray<readonly [Table, string]>>> = {
  "workspaces.id": [
    ["projects", "workspace_id"],
    ["environments", "workspace_id"],
    ["environment_runtime_settings", "workspace_id"],
    ["deployments", "workspace_id"]
  ],
  "projects.id": [
    ["environments", "project_id"],
    ["deployments", "project_id"]
  ],
  "environments.id": [
    ["environment_runtime_settings", "environment_id"],
    ["deployments", "environment_id"]
  ]
}

/** Sets one column of the shop's row of a table, as the API could. */
const set = (table: Table, column: string, value: unknown) =>
  Effect.flatMap(World, (world) =>
    // The column is one of the schema's, and the value one that it takes.
    world.update(table, where[table], { [column]: value } as Partial<Tables[Table]>)
  )

const filled = (table: Table, column: string, value: unknown) =>
  Effect.gen(function* () {
    yield* shop
    yield* fromGit("d_1", 1)
    const row: object | undefined = (yield* rows)[table][0]
    // What no store reads is in no row of the doubles.
    if (row === undefined || !Object.hasOwn(row, column)) return undefined
    for (const [referring, reference] of references[`${table}.${column}`] ?? []) yield* set(referring, reference, value)
    yield* set(table, column, value)
    const id = table === "deployments" && column === "id" ? String(value) : "d_1"
    return yield* endsWithinItsRules(id, submitFromGit)
  })

const texts = tables.flatMap((table) =>
  columns.flatMap((column) => (column.table === table && column.width !== undefined ? [{ ...column, table }] : []))
)

const numbers = tables.flatMap((table) =>
  columns.flatMap((column) =>
    column.table === table ? integersOf(column).map((value) => ({ table, name: column.name, value })) : []
  )
)

const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ eu: inner }), 1)
const wrongJson: ReadonlyArray<readonly [string, unknown]> = [
  ["null", null],
  ["a number", 3],
  ["a text", "3"],
  ["a list", ["eu"]],
  ["true", true],
  ["a number as text", { eu: "3" }],
  ["null for a region", { eu: null }],
  ["an object for a region", { eu: { replicas: 1 } }],
  ["a list for a region", { eu: [1] }],
  ["32 levels", nested(32)],
  ["2000 levels", nested(2000)],
  ["a number without end", { eu: 1e300 }],
  ["an unknown region", { gjkkjbcaa: 1 }],
  ["a name of four-byte characters", { [fourBytes(64)]: 1 }],
  ["ten thousand regions", Object.fromEntries(Array.from({ length: 10_000 }, (_, nth) => [`r${nth}`, 1]))]
]

describe("a deploy of rows as the API may have written them", () => {
  for (const { name, table, width = 0 } of texts)
    it.effect(`ends within its rules when ${table}.${name} is filled with four-byte characters`, () =>
      filled(table, name, fourBytes(width)).pipe(on(building))
    )

  for (const { name, table, value } of numbers)
    it.effect(`ends within its rules when ${table}.${name} is ${value}`, () =>
      filled(table, name, value).pipe(on(building))
    )

  for (const [field, column] of Object.entries({ contextPath: "docker_context", dockerfilePath: "dockerfile" }))
    it.effect(`ends within its rules when environment_build_settings.${column} is filled`, () =>
      Effect.gen(function* () {
        const width = widthOf(`environment_build_settings.${column}`)
        const submit = (path: string) => (id: string) =>
          submission(DeployService, "Deploy")(id, {
            deploymentId: id,
            command: [],
            git: { ...gitSource, [field]: path }
          })
        yield* shop
        yield* fromGit("d_1", 1)
        yield* fromGit("d_2", 2)
        const refused = yield* endsWithinItsRules("d_1", submit(fourBytes(width)))
        assert.strictEqual(refused.code, 400)
        assert.match(refused.message, new RegExp(`^git\\.${field}: `))
        assert.strictEqual((yield* endsWithinItsRules("d_2", submit("a".repeat(width)))).code, 200)
      }).pipe(on(building))
    )

  it.effect("is ready with names of any characters: slugs, branch and commit", () =>
    Effect.gen(function* () {
      yield* shop
      yield* fromGit("d_1", 1, fourBytes(256), { git_commit_sha: fourBytes(40) })
      yield* set("workspaces", "slug", fourBytes(64))
      yield* set("projects", "slug", fourBytes(256))
      yield* set("environments", "slug", fourBytes(256))
      assert.strictEqual((yield* endsWithinItsRules("d_1", submitFromGit)).code, 200)
    }).pipe(on(building))
  )

  it.effect("is refused with 400 when the name in Kubernetes leaves no room in those of its policies", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1, { k8s_name: "k".repeat(45) })
      yield* pending("d_2", 2, { k8s_name: "k".repeat(44) })
      assert.deepStrictEqual(yield* endsWithinItsRules("d_1", submitDeploy), {
        code: 400,
        message: "deployments.k8s_name: must have at most 44 characters"
      })
      assert.strictEqual((yield* endsWithinItsRules("d_2", submitDeploy)).code, 200)
    }).pipe(on())
  )

  for (const port of [-(2 ** 31), 0, 65_536, 2 ** 31 - 1])
    it.effect(`is refused with 400 when the port is ${port}`, () =>
      Effect.gen(function* () {
        yield* shop
        yield* pending("d_1", 1, { port })
        assert.deepStrictEqual(yield* endsWithinItsRules("d_1", submitDeploy), {
          code: 400,
          message: "deployments.port: must be a port from 1 to 65535"
        })
      }).pipe(on())
    )

  for (const column of ["cpu_millicores", "memory_mib"] as const)
    for (const value of [-(2 ** 31), -1, 0])
      it.effect(`is refused with 400 before anything is built or written when ${column} is ${value}`, () =>
        Effect.gen(function* () {
          yield* shop
          yield* fromGit("d_1", 1, "main", { [column]: value })
          assert.deepStrictEqual(yield* endsWithinItsRules("d_1", submitFromGit), {
            code: 400,
            message: `deployments.${column}: must be above 0`
          })
          const { cilium_network_policies, deployment_topology } = yield* rows
          assert.deepStrictEqual([cilium_network_policies, deployment_topology], [[], []])
          assert.deepInclude(yield* deploymentRow("d_1"), { image: null, build_id: null })
        }).pipe(on(building))
      )

  for (const [what, config] of wrongJson)
    it.effect(`is refused with 400 when the region configuration is ${what}`, () =>
      Effect.gen(function* () {
        yield* shop
        yield* pending("d_1", 1)
        yield* set("environment_runtime_settings", "region_config", config)
        const { code, message } = yield* endsWithinItsRules("d_1", submitDeploy)
        assert.strictEqual(code, 400)
        assert.match(message, /^region_config: /)
      }).pipe(on())
    )

  for (const [what, healthcheck] of wrongJson)
    it.effect(`is ready when the health check is ${what}, which no decision rests on`, () =>
      Effect.gen(function* () {
        yield* shop
        yield* pending("d_1", 1)
        yield* set("deployments", "healthcheck", healthcheck)
        assert.strictEqual((yield* endsWithinItsRules("d_1", submitDeploy)).code, 200)
      }).pipe(on())
    )
})
