import { randomBytes } from "node:crypto"
import { cp, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Duration, Effect, Layer, Option } from "effect"
import { ingressClient } from "./demo/IngressClient.ts"
import { buildImage } from "./image/buildImage.ts"
import { startContainer } from "./image/Container.ts"
import { DockerClient, dockerClient } from "./image/DockerClient.ts"
import { deployOnce } from "./image/deployOnce.ts"
import { readImage } from "./image/ImageFacts.ts"
import { ImageRefused } from "./image/ImageRefused.ts"
import { imageProblems, megabyte } from "./image/imageProblems.ts"
import { krane } from "./simulators/Krane.ts"
import { simulatorDatabase } from "./simulators/SimulatorDatabase.ts"
import { runCommand } from "./stack/Command.ts"
import { MySqlServer, mySqlServer } from "./stack/MySqlServer.ts"
import { RestateServer, restateServer } from "./stack/RestateServer.ts"
import { devFolder, RunDirectoryLive } from "./stack/RunDirectory.ts"
import { workerEnvironment } from "./stack/WorkerProcess.ts"

const reference = "control-plane-worker:local"
const region = "local.dev"

/** Restarts after the first start, which also migrates the database. */
const starts = 5

/** Limits of a start and a stop; the second is the default of `restate.drain_timeout`. */
const bounds = { ready: Duration.seconds(3), drain: Duration.seconds(25) }

const megabytes = (bytes: number) => `${(bytes / megabyte).toFixed(1)} MB`
const seconds = (duration: Duration.Duration) => `${Duration.toSeconds(duration).toFixed(2)} s`

const build = Effect.gen(function* () {
  const { source } = yield* DockerClient
  yield* Effect.logInfo(`Image: building with ${source}`)
  const [took, { archive }] = yield* Effect.timed(buildImage(reference))
  const facts = yield* readImage(archive)
  const kept = join(devFolder, "image", "control-plane-worker.oci.tar")
  yield* Effect.promise(async () => {
    await mkdir(join(devFolder, "image"), { recursive: true })
    await cp(archive, kept)
  })
  yield* Effect.logInfo(`Image: built in ${seconds(took)}, ${facts.digest}`)
  yield* Effect.logInfo(`Image: ${kept}`)
  const sizes = `${megabytes(facts.uncompressedBytes)} unpacked, ${megabytes(facts.compressedBytes)} compressed`
  yield* Effect.logInfo(`Image: ${sizes}, ${facts.files.length} files, user ${facts.user}`)
  return imageProblems(facts)
})

/** A database for this run only, also on a server from the environment. */
const database = Effect.gen(function* () {
  const server = yield* MySqlServer
  const name = `image_${randomBytes(4).toString("hex")}`
  yield* Effect.acquireRelease(server.createDatabase(name), () => Effect.ignore(server.dropDatabase(name)))
  return server.dsnFor(name)
})

const within = (what: string, took: Duration.Duration, bound: Duration.Duration) =>
  Duration.greaterThan(took, bound) ? [`${what} took ${seconds(took)}, more than ${seconds(bound)}`] : []

/** Starts the container, runs `use` while it is ready, and stops it with `docker stop`. Returns the problems found. */
const live = <E, R>(url: string, nth: number, use: Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const { admin } = yield* RestateServer
    const env = workerEnvironment({ database: url, restateAdmin: admin })
    const container = yield* startContainer({ image: reference, env: { ...env, WORKER_AVAILABLE_REGIONS: region } })
    const computed = Option.match(container.cpuToReady, {
      onNone: () => "",
      onSome: (it) => ` (${seconds(it)} of CPU)`
    })
    const ready = `${seconds(container.startToReady)}${computed}`
    yield* use
    const confinement = yield* container.confinement
    const { exitCode, took } = yield* container.stop
    const memory = Option.match(confinement, {
      onNone: () => "",
      onSome: (it) => `, ${megabytes(it.residentBytes)} resident`
    })
    yield* Effect.logInfo(
      `Start ${nth}: ready after ${ready}${memory}; stopped after ${seconds(took)} with ${exitCode}`
    )
    return {
      startToReady: container.startToReady,
      problems: [
        ...within(`start ${nth}${computed}`, container.startToReady, bounds.ready),
        ...within(`stop ${nth}`, took, bounds.drain),
        ...(exitCode === 0 ? [] : [`stop ${nth} ended with ${exitCode}`])
      ]
    }
  }).pipe(Effect.scoped)

const run = Effect.gen(function* () {
  const url = yield* database
  const { ingress } = yield* RestateServer
  const deploy = Effect.provide(
    deployOnce(region),
    Layer.mergeAll(Layer.provideMerge(krane({ regions: [region] }), simulatorDatabase(url)), ingressClient(ingress))
  )
  const first = yield* live(url, 0, Effect.zipRight(deploy, Effect.logInfo("Deploy: ready, through the container")))
  const others = yield* Effect.forEach(
    Array.from({ length: starts }, (_, nth) => nth + 1),
    (nth) => live(url, nth, Effect.void)
  )
  const times = others.map(({ startToReady }) => Duration.toSeconds(startToReady)).sort((a, b) => a - b)
  const [median = 0, slowest = 0] = [times[Math.floor(times.length / 2)], times.at(-1)]
  yield* Effect.logInfo(`Start to ready: median ${median.toFixed(2)} s, slowest ${slowest.toFixed(2)} s of ${starts}`)
  return [first, ...others].flatMap(({ problems }) => problems)
})

const image = Effect.gen(function* () {
  const [first, ...others] = [...(yield* build), ...(yield* run)]
  if (first !== undefined) return yield* new ImageRefused({ problems: [first, ...others] })
  yield* Effect.logInfo("Image: everything is as promised.")
})

image.pipe(
  Effect.scoped,
  Effect.provide(Layer.mergeAll(dockerClient, mySqlServer, restateServer(), RunDirectoryLive)),
  runCommand
)
