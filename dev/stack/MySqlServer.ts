import { Config, Context, Effect, Layer, Option } from "effect"
import { installPackages } from "./Apt.ts"
import { canInstallPackages, dockerAnswers } from "./Machine.ts"
import { findMariaDb, mariaDbPackages } from "./MariaDb.ts"
import { queryServer, type StatementFailed } from "./MySqlConnection.ts"
import { mysqlImage, startMySqlContainer } from "./MySqlContainer.ts"
import { fetchMySql, findMySql } from "./MySqlProgram.ts"
import { type DatabaseProgram, startDatabase } from "./PrivateDatabase.ts"
import type { ManagedProcess } from "./Process.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { chooseSource, type Source } from "./Source.ts"
import { ComponentMissing } from "./StackFailure.ts"

/** A server with MySQL's protocol. Its databases use utf8mb4_unicode_ci, whatever the server's default. */
export class MySqlServer extends Context.Tag("ctrl-worker/dev/MySqlServer")<
  MySqlServer,
  {
    /** URL of the server; one from the environment may include a database. */
    readonly adminUrl: string
    /** Its source, for logs. */
    readonly source: string
    /** The server's process, if this run started one. */
    readonly process: Option.Option<ManagedProcess>
    readonly dsnFor: (database: string) => string
    /** No effect if the database exists. */
    readonly createDatabase: (name: string) => Effect.Effect<void, StatementFailed>
    /** No effect if the database does not exist. */
    readonly dropDatabase: (name: string) => Effect.Effect<void, StatementFailed>
  }
>() {}

const addressInEnvironment = Config.option(Config.nonEmptyString("STACK_MYSQL_DSN")).pipe(Effect.orDie)

export const mySqlSource: Effect.Effect<Source<string, DatabaseProgram>> = Effect.all({
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

/** A server at a URL. Nothing is started or stopped. */
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

const startProgram = (program: DatabaseProgram, how: string) =>
  Effect.map(startDatabase(program), ({ url, process }) =>
    mySqlServerAt(url, `${how} (${program.server}) on ${url}`, Option.some(process))
  )

const startContainer = Effect.map(startMySqlContainer, ({ url }) =>
  mySqlServerAt(url, `Docker image ${mysqlImage} on ${url}`)
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
      return yield* startContainer
    case "Apt":
      return yield* installAndStart
    case "Missing":
      return yield* missing
  }
})

const startReal = Effect.gen(function* () {
  const found = yield* findMySql
  if (Option.isSome(found)) return yield* startProgram(found.value, "MySQL of this machine")
  if (yield* dockerAnswers) return yield* startContainer
  return yield* startProgram(yield* fetchMySql, "MySQL of Debian sid")
})

const asLayer = <E, R>(started: Effect.Effect<Context.Tag.Service<MySqlServer>, E, R>) =>
  Layer.scoped(
    MySqlServer,
    Effect.tap(started, (server) => Effect.logInfo(`MySQL server: ${server.source}`))
  ).pipe(Layer.provide(RunDirectoryLive))

/**
 * MySQL itself, 8.4 or newer, never MariaDB: STACK_MYSQLD or the PATH, else Docker, else Debian sid. Fails with
 * ComponentMissing if none is available.
 */
export const realMySqlServer = asLayer(startReal)

/**
 * A MySQL server: STACK_MYSQL_DSN, else this machine's MariaDB, else Docker, else MariaDB from apt-get. Logs its source, and
 * stops with the scope what it started.
 */
export const mySqlServer = asLayer(start)
