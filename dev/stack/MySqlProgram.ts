import { execFile } from "node:child_process"
import { access, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Config, Effect, Option } from "effect"
import { debianTree } from "./DebianTree.ts"
import { canInstallPackages, dockerAnswers, findProgram } from "./Machine.ts"
import { asUser, type DatabaseProgram } from "./PrivateDatabase.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { ComponentMissing } from "./StackFailure.ts"

/** Whether a version, as `mysqld --version` or the server itself tells it, is of MySQL 8.4 or newer. MariaDB installs its own server as `mysqld`. */
export const isRecentMySql = (version: string): boolean => {
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)\.\d+/.exec(version) ?? []
  return !/mariadb/i.test(version) && (Number(major) >= 9 || (major === "8" && Number(minor) >= 4))
}

const versionOf = (server: string) =>
  Effect.async<string>((resume) => {
    execFile(server, ["--version"], (error, written) => resume(Effect.succeed(error === null ? written : "")))
  })

/** A test's data need not outlive the server. */
const withoutDurability = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF"]

/** A small log makes the data folder 95 MB, which takes 0.05 s to copy. */
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

/** Without names, `root`@`localhost`, the only account of a new server, is not that of a client on 127.0.0.1. */
const firstStatements =
  "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"

const programOf = (
  server: string,
  command = server,
  prefix: ReadonlyArray<string> = [],
  places: ReadonlyArray<string> = []
) => {
  // The folder that it takes for files of statements by default belongs to the system's own server.
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

/** Where Debian has libraries and the loader of programs, by Node's name of the machine's kind. */
const loaders: Readonly<Record<string, readonly [folder: string, loader: string]>> = {
  x64: ["x86_64-linux-gnu", "ld-linux-x86-64.so.2"],
  arm64: ["aarch64-linux-gnu", "ld-linux-aarch64.so.1"]
}

/** The server in a tree of Debian's packages. It is started by the tree's own loader: its C library is newer than this Debian's. */
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

/** The first Debian that has MySQL again; its stable releases have MariaDB alone. */
const suite = "sid"

const remedies = [
  "install MySQL 8.4 or newer, whose mysqld is found on the PATH",
  "STACK_MYSQLD=<path of mysqld>",
  "start Docker: the image mysql:9 is used",
  "run as root on Debian: the server of sid is fetched and started with data of its own"
]

export const missingMySql = new ComponentMissing({ component: "MySQL 8.4 or newer", remedies })

/** MySQL as STACK_MYSQLD names it, or as it is installed on this machine. */
export const findMySql: Effect.Effect<Option.Option<DatabaseProgram>> = Effect.gen(function* () {
  const given = yield* Effect.orDie(Config.option(Config.nonEmptyString("STACK_MYSQLD")))
  const server = Option.isSome(given) ? given : yield* findProgram("mysqld")
  if (Option.isNone(server) || !isRecentMySql(yield* versionOf(server.value))) return Option.none()
  return Option.some(programOf(server.value))
})

/**
 * MySQL from Debian's sid, below `.dev`, where it stays: 330 MB, fetched in 20 seconds. A machine whose archive cannot be
 * reached or does not have it is one without MySQL.
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

/** Null when this machine has MySQL, or has it now because it was fetched; else why not, for a person to read. */
export const whyNoMySql: Effect.Effect<string | null> = Effect.gen(function* () {
  if (Option.isSome(yield* findMySql) || (yield* dockerAnswers)) return null
  yield* fetchMySql
  return null
}).pipe(
  Effect.provide(RunDirectoryLive),
  Effect.catchAll((missing) => Effect.succeed(missing.message))
)
