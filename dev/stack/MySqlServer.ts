import { Config, Context, Effect, Layer, Option } from "effect"
import { installPackages } from "./Apt.ts"
import { canInstallPackages, dockerAnswers } from "./Machine.ts"
import { findMariaDb, type MariaDbProgram, mariaDbPackages, startMariaDb } from "./MariaDb.ts"
import { queryServer, type StatementFailed } from "./MySqlConnection.ts"
import { mysqlImage, startMySqlContainer } from "./MySqlContainer.ts"
import type { ManagedProcess } from "./Process.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { chooseSource, type Source } from "./Source.ts"
import { ComponentMissing } from "./StackFailure.ts"

/** A server that speaks MySQL's protocol. Databases made by it use utf8mb4_unicode_ci whatever the server's default. */
export class MySqlServer extends Context.Tag("ctrl-worker/dev/MySqlServer")<
  MySqlServer,
  {
    /** Address of the server, which may name a database when it came from the environment. */
    readonly adminUrl: string
    /** Where the server came from, for a person to read. */
    readonly source: string
    /** The server's process, when this run started one. */
    readonly process: Option.Option<ManagedProcess>
    readonly dsnFor: (database: string) => string
    /** Does nothing when the database exists. */
    readonly createDatabase: (name: string) => Effect.Effect<void, StatementFailed>
    /** Does nothing when there is no such database. */
    readonly dropDatabase: (name: string) => Effect.Effect<void, StatementFailed>
  }
>() {}

const addressInEnvironment = Config.option(Config.nonEmptyString("STACK_MYSQL_DSN")).pipe(Effect.orDie)

export const mySqlSource: Effect.Effect<Source<string, MariaDbProgram>> = Effect.all({
  environment: addressInEnvironment,
  program: findMariaDb,
  docker: dockerAnswers,
  apt: canInstallPackages
}).pipe(Effect.map(chooseSource))

const missing = new ComponentMissing({
  component: "MySQL server",
  remedies: [
    `sudo apt-get install --no-install-recommends ${mariaDbPackages.join(" ")}   (or MariaDB 10.6+ of another system)`,
    `start Docker: the image ${mysqlImage} is used`,
    "STACK_MYSQL_DSN=mysql://user:password@host:3306   (a server of yours; the user may create databases and users)"
  ]
})

const quoted = (name: string) => `\`${name.replaceAll("`", "``")}\``

/** A server at an address, as the stack uses it. Nothing is started or stopped. */
export const mySqlServerAt = (
  adminUrl: string,
  source: string,
  process: Option.Option<ManagedProcess> = Option.none()
): Context.Tag.Service<MySqlServer> => ({
  adminUrl,
  source,
  process,
  dsnFor: (database) => {
    const url = new URL(adminUrl)
    url.pathname = `/${encodeURIComponent(database)}`
    return url.href
  },
  createDatabase: (name) =>
    queryServer(
      adminUrl,
      `CREATE DATABASE IF NOT EXISTS ${quoted(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`
    ).pipe(Effect.asVoid),
  dropDatabase: (name) => Effect.asVoid(queryServer(adminUrl, `DROP DATABASE IF EXISTS ${quoted(name)}`))
})

const startProgram = (program: MariaDbProgram, how: string) =>
  Effect.map(startMariaDb(program), ({ url, process }) =>
    mySqlServerAt(url, `${how} (${program.server}) on ${url}`, Option.some(process))
  )

const installAndStart = Effect.gen(function* () {
  yield* Effect.logInfo(`MySQL server: apt-get install ${mariaDbPackages.join(" ")}`)
  yield* installPackages(mariaDbPackages)
  const program = yield* Effect.flatMap(findMariaDb, (found) => Effect.mapError(found, () => missing))
  return yield* startProgram(program, "MariaDB installed with apt-get")
})

const start = Effect.gen(function* () {
  const source = yield* mySqlSource
  switch (source._tag) {
    case "Environment":
      return mySqlServerAt(source.address, "STACK_MYSQL_DSN")
    case "Program":
      return yield* startProgram(source.program, "MariaDB of this machine")
    case "Docker":
      return yield* Effect.map(startMySqlContainer, ({ url }) =>
        mySqlServerAt(url, `Docker image ${mysqlImage} on ${url}`)
      )
    case "Apt":
      return yield* installAndStart
    case "Missing":
      return yield* missing
  }
})

/**
 * A MySQL server: the one in STACK_MYSQL_DSN, else MariaDB of this machine, else Docker, else MariaDB from apt-get.
 * Says which it took, and stops with the layer's scope what it started.
 */
export const mySqlServer = Layer.scoped(
  MySqlServer,
  Effect.tap(start, (server) => Effect.logInfo(`MySQL server: ${server.source}`))
).pipe(Layer.provide(RunDirectoryLive))
