import { assert, layer } from "@effect/vitest"
import { Effect, Order, Record } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { namesOf, seedDeployment, seededAt, seedInstance, seedProject, seedSentinel } from "../support/memory/seeds.ts"
import { serverAlone } from "../support/stack/serverAlone.ts"
import { deploy, projectRow } from "./support/deploys.ts"
import { DatabaseUrl, stack } from "./support/Stack.ts"

const regions = ["eu-west-1.aws", "us-east-1.aws", "us-west-2.aws"]
/** The worker's own user, which tells its statements from those of krane and of this test. */
const login = { user: "counted", password: "counted" }

/** What an operator would group a statement by: its verb and its first table. */
const kindOf = (statement: string): string => {
  const [, verb = "", rest = ""] = /^\s*(\w+)\b(.*)$/s.exec(statement) ?? []
  const table = /\b(?:FROM|INTO|UPDATE|^)\s+`?(\w+)`?/i.exec(verb.toUpperCase() === "UPDATE" ? `UPDATE ${rest}` : rest)
  const lock = /\bFOR UPDATE\b/i.test(rest) ? " (locks)" : ""
  return [verb.toUpperCase(), ...(table === null ? [] : [table[1]])].join(" ") + lock
}

/** Probes and gauges, which do not belong to a deploy. */
const isAside = (statement: string) => /^\s*(SELECT 1$|SET )/.test(statement)

/** The worker's statements while `use` runs, as the server's general log has them. */
const statementsOf = <E, R>(use: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const database = yield* DatabaseUrl
    const run = (statement: string) => queryServer(database, statement)
    yield* run("SET GLOBAL log_output = 'TABLE'")
    yield* run("TRUNCATE TABLE mysql.general_log")
    yield* run("SET GLOBAL general_log = 1")
    yield* Effect.ensuring(use, Effect.orDie(run("SET GLOBAL general_log = 0")))
    const logged = yield* run(
      `SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log
       WHERE user_host LIKE '${login.user}%' AND command_type IN ('Query', 'Execute') ORDER BY event_time`
    )
    return logged.map((row) => String(row.statement)).filter((statement) => !isAside(statement))
  })

const byKind = (statements: ReadonlyArray<string>) =>
  Object.entries(Record.map(Object.groupBy(statements, kindOf), (same) => same?.length ?? 0))
    .sort(Order.mapInput(Order.string, ([kind]) => kind))
    .map(([kind, count]) => `${count} ${kind}`)
    .join("\n")

/** A deployment whose instances run before its deploy asks for them, so that one poll is enough. */
const seedRunning = Effect.fnUntraced(function* (project: string, nth: number, regions: ReadonlyArray<string>) {
  const deploymentId = `d_${project}_${nth}`
  yield* seedDeployment(project, deploymentId, { created_at: seededAt + nth, git_branch: "main" })
  yield* Effect.forEach(regions, (region) =>
    seedInstance(project, { deployment_id: deploymentId, region, k8s_name: deploymentId, status: "running" })
  )
  return deploymentId
})

/** The statements of a deploy that replaces the live deployment. */
const secondDeploy = Effect.fnUntraced(function* (project: string, regions: ReadonlyArray<string>) {
  yield* seedProject(project, { regions: Object.fromEntries(regions.map((region) => [region, 1])) })
  yield* Effect.forEach(regions, (region) => seedSentinel(project, { region, health: "healthy", version: 1 }))
  const { projectId } = namesOf(project)
  yield* deploy(projectId, yield* seedRunning(project, 1, regions))
  const second = yield* seedRunning(project, 2, regions)
  const statements = yield* statementsOf(deploy(projectId, second))
  assert.deepStrictEqual(yield* projectRow(project), { live: second, rolledBack: false })
  return statements
})

const bounds: ReadonlyArray<readonly [count: number, most: number]> = [
  [1, 37],
  [3, 51]
]

layer(stack({ regions, login, server: serverAlone, kraneRegions: [] }), {
  excludeTestServices: true,
  timeout: "1 minute"
})("a deploy of an image", (it) => {
  for (const [count, most] of bounds)
    it.effect(`in ${count === 1 ? "one region" : `${count} regions`} takes at most ${most} statements`, () =>
      Effect.gen(function* () {
        const statements = yield* secondDeploy(`in${count}`, regions.slice(0, count))
        assert.isAtMost(statements.length, most, byKind(statements))
      })
    )
})
