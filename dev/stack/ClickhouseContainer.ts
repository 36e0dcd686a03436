import { Effect, type Scope } from "effect"
import { ComponentFailed } from "./StackFailure.ts"

export const clickhouseImage = "clickhouse/clickhouse-server:25.8"

const component = "ClickHouse in Docker"
const httpPort = 8123

/** Starts the official image on a free port, with access management for its default user; removed with the scope. */
export const startClickhouseContainer: Effect.Effect<{ readonly url: string }, ComponentFailed, Scope.Scope> =
  Effect.acquireRelease(
    Effect.tryPromise({
      // Loaded on demand: it takes half a second, and most machines do not need it.
      try: async () => {
        const { GenericContainer, Wait } = await import("testcontainers")
        return new GenericContainer(clickhouseImage)
          .withEnvironment({
            CLICKHOUSE_USER: "default",
            CLICKHOUSE_PASSWORD: "stack",
            CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: "1"
          })
          .withExposedPorts(httpPort)
          .withWaitStrategy(Wait.forHttp("/ping", httpPort))
          .start()
      },
      catch: (cause) =>
        new ComponentFailed({ component, reason: "did not start", detail: String(cause), lastLines: [] })
    }),
    (container) => Effect.ignoreLogged(Effect.tryPromise(() => container.stop()))
  ).pipe(
    Effect.map((container) => ({
      url: `http://default:stack@${container.getHost()}:${container.getMappedPort(httpPort)}`
    }))
  )
