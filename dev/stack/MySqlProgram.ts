import { execFile } from "node:child_process"
import { access, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Config, Effect, Option } from "effect"
import { debianTree } from "./DebianTree.ts"
import { canInstallPackages, dockerAnswers, findProgram } from "./Machine.ts"
import { asUser, type DatabaseProgram } from "./PrivateDatabase.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { ComponentMissing } from "./StackFailure.ts"

/**
 * Whether a version string of `mysqld --version` or the server is MySQL 8.4 or newer. MariaDB installs its server as `mysqld`
 * too.
 */
export const isRecentMySql = (version: string): boolean => {
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)\.\d+/.exec(version) ?? []
  return !/mariadb/i.test(version) && (Number(major) >= 9 || (major === "8" && Number(minor) >= 4))
}

const versionOf = (server: string) =>
  Effect.async<string>((resume) => {
    execFile(server, ["--version"], (error, written) => resume(Effect.succeed(error === null ? written : "")))
  })

/** No durability. */
const withoutDurability = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF"]

/** A small log reduces the data folder to 95 MB, which is copied in 0.05 s. */
const logSize = "--innodb-redo-log-capacity=8M"

const serverArguments = [
  logSize,
  "--mysqlx=OFF",
  "--skip-name-resolve",
  "--skip-log-bin",
  "--performance-schema=OFF",
  "--max-connections=500",
  "--character-set-server=utf8mb4",
  "--collation-server=utf8mb4_unicode_ci"
]

/** With name resolution, `root`@`localhost`, the only account of a new server, would not match a client on 127.0.0.1. */
const firstStatements =
  "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"

const programOf = (
  server: string,
  command = server,
  prefix: ReadonlyArray<string> = [],
  places: ReadonlyArray<string> = []
) => {
  // Its default folder for statement files belongs to the system's server.
  const args = [...prefix, "--no-defaults", ...asUser, ...places, "--secure-file-priv=NULL"]
  const program: DatabaseProgram = {
    component: "MySQL",
    server,
    initialise: (dataFolder, folder) =>
      Effect.promise(async () => {
        const statements = join(folder, "first.sql")
        await writeFile(statements, firstStatements)
        return {
          command,
          args: [...args, "--initialize-insecure", `--datadir=${dataFolder}`, `--init-file=${statements}`, logSize]
        }
      }),
    start: { command, args: [...args, ...serverArguments] },
    withoutDurability
  }
  return program
}

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path)))

/** Debian's library and loader paths, by Node's architecture name. */
const loaders: Readonly<Record<string, readonly [folder: string, loader: string]>> = {
  x64: ["x86_64-linux-gnu", "ld-linux-x86-64.so.2"],
  arm64: ["aarch64-linux-gnu", "ld-linux-aarch64.so.1"]
}

/** The server in a tree of Debian packages, started by the tree's own loader: it needs a newer C library than this Debian's. */
const inTree = (root: string): Effect.Effect<Option.Option<DatabaseProgram>> => {
  const [folder, loader] = loaders[process.arch] ?? ["", ""]
  const libraries = join(root, "usr/lib", folder)
  const server = join(root, "usr/sbin/mysqld")
  const places = [
    `--basedir=${join(root, "usr")}`,
    `--plugin-dir=${join(root, "usr/lib/mysql/plugin")}`,
    `--lc-messages-dir=${join(root, "usr/share/mysql")}`,
    `--character-sets-dir=${join(root, "usr/share/mysql/charsets")}`
  ]
  const program = programOf(server, join(libraries, loader), ["--library-path", libraries, server], places)
  return Effect.map(Effect.all([isThere(server), isThere(join(libraries, loader))]), (there) =>
    there.every((it) => it) ? Option.some(program) : Option.none()
  )
}

/** The only Debian suite with MySQL; stable releases have only MariaDB. */
const suite = "sid"

const remedies = [
  "install MySQL 8.4 or newer, whose mysqld is found on the PATH",
  "STACK_MYSQLD=<path of mysqld>",
  "start Docker: the image mysql:9 is used",
  "run as root on Debian: the server of sid is fetched and started with data of its own"
]

export const missingMySql = new ComponentMissing({ component: "MySQL 8.4 or newer", remedies })

/** MySQL from STACK_MYSQLD, or installed on this machine. */
export const findMySql: Effect.Effect<Option.Option<DatabaseProgram>> = Effect.gen(function* () {
  const given = yield* Effect.orDie(Config.option(Config.nonEmptyString("STACK_MYSQLD")))
  const server = Option.isSome(given) ? given : yield* findProgram("mysqld")
  if (Option.isNone(server) || !isRecentMySql(yield* versionOf(server.value))) return Option.none()
  return Option.some(programOf(server.value))
})

/**
 * MySQL from Debian sid, kept below `.dev`: 330 MB, downloaded in 20 seconds. If the archive is unreachable or lacks it, MySQL
 * is unavailable.
 */
export const fetchMySql = Effect.gen(function* () {
  if (!(yield* canInstallPackages)) return yield* missingMySql
  const cannotBeHad = (failure: { readonly message: string }) =>
    new ComponentMissing({ component: missingMySql.component, remedies: [...remedies, failure.message] })
  const root = yield* Effect.mapError(
    debianTree({ name: "mysql-server", suite, packages: ["mysql-server-core"], form: "folder" }),
    cannotBeHad
  )
  return yield* Effect.flatMap(inTree(root), (found) => Effect.mapError(found, () => missingMySql))
})

/** Null if MySQL is installed or could be downloaded, else the reason why not. */
export const whyNoMySql: Effect.Effect<string | null> = Effect.gen(function* () {
  if (Option.isSome(yield* findMySql) || (yield* dockerAnswers)) return null
  yield* fetchMySql
  return null
}).pipe(
  Effect.provide(RunDirectoryLive),
  Effect.catchAll((missing) => Effect.succeed(missing.message))
)
