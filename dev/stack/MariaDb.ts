import { Effect, Option } from "effect"
import { findProgram } from "./Machine.ts"
import { asUser, type DatabaseProgram } from "./PrivateDatabase.ts"

/** These two packages have both programs of a private MariaDB, and install no system service. */
export const mariaDbPackages = ["mariadb-server-core", "mariadb-client-core"]

/** A small log reduces the data folder from 114 MB to 25 MB, which is copied in 0.04 s. */
const logSize = "--innodb-log-file-size=8M"

/** No durability: several times faster; a killed server may lose or corrupt data. */
const withoutDurability = [
  "--innodb-flush-log-at-trx-commit=0",
  "--innodb-flush-method=nosync",
  "--skip-innodb-doublewrite"
]

/** MySQL's character set and SQL mode; MariaDB's default character set is latin1. */
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
  // The installer calls it by full path, and it is in another package.
  findProgram("my_print_defaults")
]).pipe(
  Effect.map(([server, installer, printDefaults]) =>
    Option.map(Option.all([server, installer, printDefaults]), ([server, installer]) => programOf(server, installer))
  )
)
