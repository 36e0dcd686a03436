import { Effect, type Scope } from "effect"
import { ComponentFailed } from "./StackFailure.ts"

export const mysqlImage = "mysql:9"

const component = "MySQL in Docker"

/** Starts the official image on a free port; the container is removed with the scope. */
export const startMySqlContainer: Effect.Effect<{ readonly url: string }, ComponentFailed, Scope.Scope> =
  Effect.acquireRelease(
    Effect.tryPromise({
      // Loaded on demand: it takes half a second, and most machines do not need it.
      try: async () => {
        const { GenericContainer, Wait } = await import("testcontainers")
        return new GenericContainer(mysqlImage)
          .withEnvironment({ MYSQL_ALLOW_EMPTY_PASSWORD: "yes", MYSQL_ROOT_HOST: "%" })
          .withCommand([
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--innodb-flush-log-at-trx-commit=0",
            "--max-connections=500"
          ])
          .withExposedPorts(3306)
          .withWaitStrategy(Wait.forLogMessage(/ready for connections.*port: 3306/))
          .start()
      },
      catch: (cause) =>
        new ComponentFailed({ component, reason: "did not start", detail: String(cause), lastLines: [] })
    }),
    (container) => Effect.ignoreLogged(Effect.tryPromise(() => container.stop()))
  ).pipe(Effect.map((container) => ({ url: `mysql://root@${container.getHost()}:${container.getMappedPort(3306)}` })))
