import { Effect, Option } from "effect"
import { findProgram } from "./Machine.ts"
import { asUser, type DatabaseProgram } from "./PrivateDatabase.ts"

/** The two core packages have both programs that a private MariaDB needs, and bring no system service with them. */
export const mariaDbPackages = ["mariadb-server-core", "mariadb-client-core"]

/** A small log makes the data folder 25 MB instead of 114, so that copying it takes 0.04 s. */
const logSize = "--innodb-log-file-size=8M"

/** A test's data need not outlive the server: several times faster, and a killed server may lose or tear what it had. */
const withoutDurability = [
  "--innodb-flush-log-at-trx-commit=0",
  "--innodb-flush-method=nosync",
  "--skip-innodb-doublewrite"
]

/** MySQL's character set and SQL mode, which MariaDB lacks by default: it would use latin1. */
const serverArguments = [
  "--skip-name-resolve",
  "--skip-log-bin",
  logSize,
  "--innodb-buffer-pool-size=64M",
  "--innodb-buffer-pool-dump-at-shutdown=OFF",
  "--innodb-buffer-pool-load-at-startup=OFF",
  "--performance-schema=OFF",
  "--max-connections=500",
  "--character-set-server=utf8mb4",
  "--collation-server=utf8mb4_unicode_ci",
  "--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
]

const programOf = (server: string, installer: string): DatabaseProgram => ({
  component: "MariaDB",
  server,
  initialise: (dataFolder) =>
    Effect.succeed({
      command: installer,
      args: [
        "--no-defaults",
        ...asUser,
        `--datadir=${dataFolder}`,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        logSize
      ]
    }),
  start: { command: server, args: ["--no-defaults", ...asUser, ...serverArguments] },
  withoutDurability
})

/** MariaDB of this machine. */
export const findMariaDb: Effect.Effect<Option.Option<DatabaseProgram>> = Effect.all([
  findProgram("mariadbd"),
  findProgram("mariadb-install-db"),
  // The installer calls it by its full path, and it comes in another package.
  findProgram("my_print_defaults")
]).pipe(
  Effect.map(([server, installer, printDefaults]) =>
    Option.map(Option.all([server, installer, printDefaults]), ([server, installer]) => programOf(server, installer))
  )
)
