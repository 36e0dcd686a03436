import { readFileSync } from "node:fs"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Config, Effect, Layer, Logger } from "effect"
import { listen } from "../../src/node/Restate.ts"
import { fileRecorder, Recorder } from "../fixtures/Recorder.ts"
import { crashing } from "./Crashing.ts"

// A worker in a process of its own, to be killed. Its folder holds the version to run and what the bodies noted.
const settings = Config.all({ port: Config.integer("WORKER_RESTATE_HTTP_PORT"), folder: Config.string("CRASH_FOLDER") })

const serve = Effect.gen(function* () {
  const { port, folder } = yield* settings
  const version = readFileSync(join(folder, "version"), "utf8")
  yield* listen({
    services: [crashing(version)],
    host: "127.0.0.1",
    port,
    drain: 0,
    beside: { prefix: "/health", listener: (_, response) => response.end() }
  })
})

const recorder = Layer.unwrapEffect(
  Effect.map(settings, ({ folder }) => {
    const file = fileRecorder(join(folder, "notes"))
    const keep = Logger.make<unknown, void>(({ logLevel, message, cause }) => {
      const text = `${logLevel.label} ${[message].flat().join(" ")} ${Cause.pretty(cause)}`
      file.write("log", text.replaceAll("\n", " "))
    })
    return Layer.merge(Layer.succeed(Recorder, file), Logger.replace(Logger.defaultLogger, keep))
  })
)

Layer.launch(Layer.scopedDiscard(serve)).pipe(Effect.provide(recorder), NodeRuntime.runMain)
