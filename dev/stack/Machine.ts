import { access, constants } from "node:fs/promises"
import { request } from "node:http"
import { delimiter, join } from "node:path"
import { Config, Effect, Option } from "effect"
import { inRealTime } from "./RealTime.ts"

/** Debian and Fedora have server programs in these folders, which a normal user's PATH lacks. */
const serverFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec"]

const isAllowed = (path: string, mode: number) => Effect.tryPromise(() => access(path, mode)).pipe(Effect.isSuccess)

/** The first executable of that name on the PATH or in these folders. */
export const findProgram = (name: string): Effect.Effect<Option.Option<string>> =>
  Effect.gen(function* () {
    const path = yield* Config.string("PATH").pipe(Effect.orElseSucceed(() => ""))
    const candidates = [...path.split(delimiter).filter((it) => it !== ""), ...serverFolders].map((it) =>
      join(it, name)
    )
    return yield* Effect.findFirst(candidates, (candidate) => isAllowed(candidate, constants.X_OK))
  })

/** `apt-get install` needs root, and only Debian and its descendants have it. */
export const canInstallPackages: Effect.Effect<boolean> = Effect.suspend(() =>
  process.getuid?.() === 0
    ? Effect.all([isAllowed("/etc/debian_version", constants.R_OK), findProgram("apt-get")]).pipe(
        Effect.map(([debian, apt]) => debian && Option.isSome(apt))
      )
    : Effect.succeed(false)
)

const dockerTarget = Config.string("DOCKER_HOST").pipe(
  Effect.orElseSucceed(() => "unix:///var/run/docker.sock"),
  Effect.map((address) => new URL(address))
)

/** True only if an engine responds: a client alone is not enough. */
export const dockerAnswers: Effect.Effect<boolean> = Effect.gen(function* () {
  const target = yield* dockerTarget
  const where =
    target.protocol === "unix:"
      ? { socketPath: target.pathname }
      : { host: target.hostname, port: target.port === "" ? 2375 : Number(target.port) }
  return yield* Effect.async<boolean>((resume) => {
    const ping = request({ ...where, path: "/_ping" }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode === 200))
    })
    ping.on("error", () => resume(Effect.succeed(false)))
    ping.end()
    return Effect.sync(() => ping.destroy())
  })
}).pipe(
  Effect.timeoutTo({ duration: "1 second", onSuccess: (answered: boolean) => answered, onTimeout: () => false }),
  Effect.catchAllDefect(() => Effect.succeed(false)),
  inRealTime
)
