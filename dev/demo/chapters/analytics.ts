import type { ClickHouseClient } from "@clickhouse/client"
import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, type Context, Effect, type Redacted } from "effect"
import { ClickhouseUserService } from "../../../src/contract/ClickhouseUserService.ts"
import { statementOf } from "../../../src/layers/clickhouse/userStatements.ts"
import { clickhousePassword } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import { defaultLimits, planUser, sharedTables } from "../../../src/workflows/clickhouseUser/planUser.ts"
import type { SeededProject } from "../../simulators/seed.ts"
import type { ClickhouseServer } from "../../stack/ClickhouseServer.ts"
import { analyticsClient, execute, firstColumn, insertRows, refusalCode } from "../AnalyticsClient.ts"
import { IngressClient } from "../IngressClient.ts"
import { good, missing, say, show } from "../narration.ts"
import { expect, expectStatus, failStory } from "../StoryFailed.ts"

type Clickhouse = Context.Tag.Service<ClickhouseServer>

/** ClickHouse's error codes for: unknown user or role, access denied. */
const unknownGrantee = 511
const accessDenied = 497

const verifications = "default.key_verifications_raw_v2"

interface Login {
  readonly user: string
  readonly passwordEncrypted: string
}

const storedLogin = (workspaceId: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [row] = yield* sql<Login>`
      SELECT username AS user, password_encrypted AS passwordEncrypted FROM clickhouse_workspace_settings
      WHERE workspace_id = ${workspaceId}`
    return row ?? (yield* failStory("analytics user", "no login is stored"))
  })

/** The worker's statements, without the password parameter. */
const statementsFor = (workspaceId: string, retentionDays: number) =>
  planUser({ workspaceId, user: workspaceId, limits: defaultLimits, retentionDays }).map(statementOf)

/** The first words of a statement, such as `CREATE ROW POLICY`. */
const kindOf = (statement: string): string =>
  /^(CREATE|ALTER|GRANT)( (USER|ROW POLICY|QUOTA|SETTINGS PROFILE))?/.exec(statement)?.[0] ?? statement

/** The embedded engine stores no users: it can only check that it parses the statements and knows the users. */
const checkAnalyser = (admin: ClickHouseClient, statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const kinds = Map.groupBy(statements, kindOf)
    yield* show([...kinds].map(([kind, all]) => (all.length === 1 ? kind : `${all.length} ${kind}`)).join(", "))
    const stranger = `GRANT SELECT ON ${verifications} TO nobody_of_this_name`
    const code = yield* refusalCode(admin, stranger)
    yield* expect("analyser", code === unknownGrantee, `answered ${code} to a grant for an unknown user`)
    yield* good(
      `ClickHouse's engine accepted all ${statements.length} statements, and as expected rejected a grant for an unknown user (${code})`
    )
    yield* missing("This is the embedded engine, which keeps no users: statements are checked, nothing is enforced.")
    yield* missing("With STACK_CLICKHOUSE_URL=http://user:password@host:8123 rows and grants are checked as that user.")
  })

/** Removes the users and rows of the demo from a server that outlives it. */
const removeTraces = (admin: ClickHouseClient, workspaceId: string) =>
  Effect.forEach(
    [
      `DROP USER IF EXISTS \`${workspaceId}\``,
      `DROP QUOTA IF EXISTS \`workspace_${workspaceId}_quota\``,
      `DROP SETTINGS PROFILE IF EXISTS \`workspace_${workspaceId}_profile\``,
      ...sharedTables.map(
        ({ name }) => `DROP ROW POLICY IF EXISTS \`workspace_${workspaceId}_rls\` ON default.\`${name}\``
      ),
      ...[verifications, "default.billable_verifications_per_month_v2", "default.billable_ratelimits_per_month_v2"].map(
        (table) => `DELETE FROM ${table} WHERE startsWith(workspace_id, '${workspaceId}')`
      )
    ],
    (statement) => Effect.ignore(execute(admin, statement)),
    { discard: true }
  )

/** Logs in as the workspace: it sees its own row, not another workspace's, and no other table. */
const checkAsUser = (url: string, admin: ClickHouseClient, user: string, password: Redacted.Redacted) =>
  Effect.gen(function* () {
    const time = yield* Clock.currentTimeMillis
    yield* insertRows(admin, verifications, [
      { workspace_id: user, key_id: "own", time },
      { workspace_id: `${user}_neighbour`, key_id: "foreign", time }
    ])
    const client = yield* analyticsClient(url, { user, password })
    const seen = yield* firstColumn(client, `SELECT key_id FROM ${verifications}`)
    yield* expect("row policy", seen.join() === "own", `the user sees ${seen.join(", ") || "nothing"}`)
    const code = yield* refusalCode(client, "SELECT count() FROM default.build_steps_v1")
    yield* expect("grants", code === accessDenied, `reading another table was answered ${code}`)
    const grants = yield* firstColumn(admin, `SHOW GRANTS FOR \`${user}\``)
    yield* Effect.forEach(grants, show)
    yield* good(`logged in as ${user}: sees its own row of two, and may read no other table (${code})`)
  })

/** A ClickHouse user for the workspace, checked as far as the available ClickHouse can. */
export const analyticsUser = Effect.fnUntraced(function* (
  { workspaceId }: SeededProject,
  retentionDays: number,
  { isServer, url }: Clickhouse
) {
  yield* say(`Give ${workspaceId} a login of its own to ClickHouse`, "creating the login")
  const admin = yield* analyticsClient(url)
  if (isServer) yield* Effect.addFinalizer(() => removeTraces(admin, workspaceId))
  const client = yield* IngressClient
  const request = { service: ClickhouseUserService, key: workspaceId, handler: "ConfigureUser" } as const
  yield* expectStatus("analytics user", yield* client.call(request), 200)
  const { passwordEncrypted, user } = yield* storedLogin(workspaceId)
  const password = yield* (yield* Vault).decrypt(workspaceId, passwordEncrypted, clickhousePassword(workspaceId))
  yield* show(`user ${user}, password ${passwordEncrypted.slice(0, 20)}..., which only the vault opens`)
  yield* isServer
    ? checkAsUser(url, admin, user, password)
    : checkAnalyser(admin, statementsFor(workspaceId, retentionDays))
})
