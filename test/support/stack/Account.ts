import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { queryServer } from "../../../dev/stack/MySqlConnection.ts"

const guide = readFileSync(new URL("../../../docs/operating.md", import.meta.url), "utf8")
const grant = /^GRANT ([A-Z, ]+) ON unkey\.\* TO '(\w+)'@'%';$/gm
const rights = new Map([...guide.matchAll(grant)].map(([, list = "", account = ""]) => [account, list]))

/** The accounts for which docs/operating.md has a GRANT statement. */
export type Account = "control_plane" | "control_plane_migrate" | "control_plane_replica"

/**
 * The URL of a database for a new account with exactly the privileges that the operators' guide grants, there and on `others`;
 * dropped with the scope.
 */
export const accountOf = (database: string, account: Account, others: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const granted = rights.get(account)
    if (granted === undefined) return yield* Effect.dieMessage(`no GRANT for ${account} in docs/operating.md`)
    const name = `t_${randomBytes(6).toString("hex")}`
    const url = new URL(database)
    yield* Effect.acquireRelease(queryServer(database, `CREATE USER '${name}'@'%' IDENTIFIED BY '${name}'`), () =>
      Effect.ignoreLogged(queryServer(database, `DROP USER IF EXISTS '${name}'@'%'`))
    )
    for (const { pathname } of [url, ...others.map((other) => new URL(other))])
      yield* queryServer(database, `GRANT ${granted} ON \`${pathname.slice(1)}\`.* TO '${name}'@'%'`)
    url.username = name
    url.password = name
    return url.href
  }).pipe(Effect.orDie)
