import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Logger, Option } from "effect"
import { ingressClient } from "../../dev/demo/IngressClient.ts"
import { buildImage } from "../../dev/image/buildImage.ts"
import { startContainer } from "../../dev/image/Container.ts"
import { DockerClient, dockerClient, whyNoImages } from "../../dev/image/DockerClient.ts"
import { deployOnce } from "../../dev/image/deployOnce.ts"
import { type ImageFacts, readImage } from "../../dev/image/ImageFacts.ts"
import { imageProblems } from "../../dev/image/imageProblems.ts"
import { krane } from "../../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { RunDirectory, RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { workerEnvironment } from "../../dev/stack/WorkerProcess.ts"
import { freshDatabase } from "../support/stack/Database.ts"
import { RestateClient, testRestate } from "../support/stack/Restate.ts"
import { lockedPackagesIn, packagesOf, readBill } from "./support/lockedPackages.ts"

const reason = await Effect.runPromise(whyNoImages)

/** The image of this checkout, as its Dockerfile says. */
class Image extends Context.Tag("test/image/Image")<
  Image,
  { readonly reference: string; readonly facts: ImageFacts }
>() {}

const image = Layer.scoped(
  Image,
  Effect.gen(function* () {
    const { docker } = yield* DockerClient
    const tag = `control-plane-worker:test-${randomBytes(4).toString("hex")}`
    const { archive, reference } = yield* Effect.acquireRelease(buildImage(tag), ({ reference }) =>
      Effect.ignore(docker("rmi", "--force", reference))
    )
    return { reference, facts: yield* readImage(archive) }
  })
)

const fixture = image.pipe(
  Layer.provideMerge(Layer.mergeAll(dockerClient, testRestate(), RunDirectoryLive)),
  Layer.provide(Logger.remove(Logger.defaultLogger))
)

const region = "local.dev"

/** The default of `restate.drain_timeout`. */
const drainBound = Duration.seconds(25)

/** The image with other arguments than its own; answers with what it printed. */
const runWith = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { docker } = yield* DockerClient
    const { reference } = yield* Image
    return yield* docker("run", "--rm", "--read-only", "--cap-drop=ALL", "--network=none", reference, ...args)
  })

/** A folder of the image, as it is in a container of it. */
const copyOf = (folder: string) =>
  Effect.gen(function* () {
    const { docker } = yield* DockerClient
    const { reference } = yield* Image
    const run = yield* RunDirectory
    const target = join(yield* run.folderFor("image-files"), "copy")
    const container = (yield* docker("create", reference)).trim()
    yield* Effect.ensuring(docker("cp", `${container}:${folder}`, target), Effect.ignore(docker("rm", container)))
    return target
  })

if (reason !== null) {
  describe("the container image", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(fixture, { excludeTestServices: true, timeout: "5 minutes" })("the container image", (it) => {
    it.effect("is small, runs as user nobody, belongs to root and has no development files", () =>
      Effect.gen(function* () {
        const { facts } = yield* Image
        assert.deepStrictEqual(imageProblems(facts), [])
        assert.isAbove(facts.files.length, 100)
      })
    )

    it.effect("lists in its bill of materials exactly the packages in it, as package-lock.json has them", () =>
      Effect.gen(function* () {
        const dist = yield* copyOf("/app/dist")
        const inImage = yield* Effect.promise(() => lockedPackagesIn(dist))
        assert.include(inImage.map(({ reference }) => reference).join(), "effect@")
        assert.deepStrictEqual(packagesOf(yield* Effect.promise(() => readBill(join(dist, "sbom.cdx.json")))), inImage)
      })
    )

    it.effect("takes a command of the worker as its arguments", () =>
      Effect.gen(function* () {
        const help = yield* runWith("cron", "--help")
        assert.include(help, "key-refill")
      })
    )

    it.effect("deploys without rights or a file to write, and ends with 0 when it is stopped", () =>
      Effect.gen(function* () {
        const { reference } = yield* Image
        const { admin, ingress } = yield* RestateClient
        const database = yield* freshDatabase
        const env = { ...workerEnvironment({ database, restateAdmin: admin }), WORKER_AVAILABLE_REGIONS: region }
        const container = yield* startContainer({ image: reference, env })
        const neighbours = Layer.mergeAll(
          Layer.provideMerge(krane({ regions: [region] }), simulatorDatabase(database)),
          ingressClient(ingress)
        )
        yield* Effect.provide(deployOnce(region), neighbours)
        // None only with an engine in a VM, whose processes are not visible here.
        Option.map(yield* container.confinement, ({ residentBytes, ...confinement }) => {
          assert.deepStrictEqual(confinement, {
            uid: 65532,
            gid: 65532,
            capabilities: 0n,
            noNewPrivileges: true,
            readOnlyRoot: true
          })
          assert.isAbove(residentBytes, 0)
        })
        const { exitCode, took } = yield* container.stop
        assert.strictEqual(exitCode, 0, yield* container.logs)
        assert.isTrue(Duration.lessThan(took, drainBound), Duration.format(took))
      }).pipe(Effect.scoped)
    )
  })
}
